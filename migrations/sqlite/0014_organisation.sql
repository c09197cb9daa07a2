-- Organisations: immutable revisions of their year, facts people state, tasks above requirement, holds, special dates.
CREATE TABLE organisation_record (
  unit_code TEXT NOT NULL,
  year INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  level TEXT,
  content TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  author TEXT NOT NULL,
  document TEXT,
  reason TEXT,
  at TEXT NOT NULL,
  PRIMARY KEY (unit_code, year, revision)
);
CREATE TABLE organisation_fact (
  id INTEGER PRIMARY KEY,
  unit_code TEXT NOT NULL,
  year INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value INTEGER,
  document TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX organisation_fact_of ON organisation_fact (unit_code, year);
CREATE TABLE task_above (
  source_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  document TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (source_id, external_id)
);
