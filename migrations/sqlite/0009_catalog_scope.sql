-- Catalog versions: for which bodies each holds, and why it was made; products of leadership work; who proposed what.
ALTER TABLE catalog_version ADD COLUMN scope TEXT NOT NULL DEFAULT 'province';
ALTER TABLE catalog_version ADD COLUMN reason TEXT;
ALTER TABLE catalog_product ADD COLUMN leadership INTEGER NOT NULL DEFAULT 0;
CREATE TABLE catalog_provenance (
  version TEXT NOT NULL REFERENCES catalog_version (version),
  ordinal INTEGER NOT NULL,
  code TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  proposed TEXT NOT NULL,
  PRIMARY KEY (version, ordinal)
);
CREATE INDEX catalog_provenance_by_code ON catalog_provenance (version, code);
-- Shares of one product by person and by quarter, as superiors entered them: each entry replaces the one before it.
CREATE TABLE task_share_entry (
  id INTEGER PRIMARY KEY,
  task_id INTEGER NOT NULL,
  author TEXT NOT NULL,
  document TEXT,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  parts TEXT NOT NULL
);
CREATE INDEX task_share_entry_by_task ON task_share_entry (task_id, id);
-- The parts of the newest entry of each task. share: none = a supporting person, the rule set says how much.
CREATE TABLE task_share (
  task_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  person_id TEXT,
  period TEXT,
  share TEXT,
  PRIMARY KEY (task_id, ordinal)
);
CREATE INDEX task_share_by_person ON task_share (person_id, task_id);
