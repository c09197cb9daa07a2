-- Keys of encryption at rest while one gives way to the next. No row = the one key the store was first written with.
CREATE TABLE field_key (
  check_value TEXT PRIMARY KEY,
  seals BOOLEAN NOT NULL,
  -- The key of the index of citizen ids, sealed under this one.
  index_sealed BYTEA NOT NULL,
  since TIMESTAMPTZ NOT NULL
);
-- One accepted key sealed under another one.
CREATE TABLE field_key_wrap (
  opened_by TEXT NOT NULL,
  opens TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (opened_by, opens)
);
