-- Keys of encryption at rest while one gives way to the next. No row = the one key the store was first written with.
CREATE TABLE field_key (
  check_value TEXT PRIMARY KEY,
  seals INTEGER NOT NULL,
  -- The key of the index of citizen ids, sealed under this one.
  index_sealed BLOB NOT NULL,
  since TEXT NOT NULL
);
-- One accepted key sealed under another one.
CREATE TABLE field_key_wrap (
  opened_by TEXT NOT NULL,
  opens TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (opened_by, opens)
);
