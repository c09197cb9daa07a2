-- What others say about documents and tasks: answers, states on the document axis, recalls. Rows are never changed.
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  package BLOB NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  number TEXT,
  alias TEXT,
  code TEXT,
  at TEXT,
  who TEXT,
  seen_at TEXT NOT NULL,
  UNIQUE (source_id, package, kind, subject)
);
CREATE INDEX evidence_subject ON evidence (subject);
