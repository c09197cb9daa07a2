-- The working days scores were counted by: each table that was used, once.
CREATE TABLE working_days (hash TEXT PRIMARY KEY, body JSONB NOT NULL, first_used_at TIMESTAMPTZ NOT NULL);
ALTER TABLE score ADD COLUMN working_days TEXT;

-- What the figures of a record that does not move by itself follow from, kept when its score moves away from them.
CREATE TABLE score_stood (
  person_id UUID NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  derivation BYTEA NOT NULL,
  working_days TEXT,
  computed_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (person_id, period)
);
