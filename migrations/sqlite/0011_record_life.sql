-- What stands around records: holds while a complaint is verified, notices of results, petitions, closes unit by unit.
CREATE TABLE record_hold (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  at TEXT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  document TEXT,
  released_at TEXT,
  released_by TEXT,
  released_reason TEXT,
  released_document TEXT
);
CREATE UNIQUE INDEX record_hold_open ON record_hold (person_id, period) WHERE released_at IS NULL;
CREATE INDEX record_hold_by_period ON record_hold (period) WHERE released_at IS NULL;
CREATE TABLE record_notice (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision INTEGER NOT NULL,
  told_on TEXT NOT NULL,
  how TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX record_notice_of ON record_notice (person_id, period);
CREATE TABLE petition (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision INTEGER NOT NULL,
  received_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  content TEXT NOT NULL,
  document TEXT,
  opened_by TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  hold_id INTEGER,
  answered_on TEXT,
  outcome TEXT,
  answer TEXT,
  answer_document TEXT,
  answered_by TEXT,
  answered_at TEXT
);
CREATE INDEX petition_of ON petition (person_id, period);
CREATE INDEX petition_open ON petition (due_on) WHERE answered_at IS NULL;
CREATE TABLE unit_close (
  period TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  at TEXT NOT NULL,
  author TEXT NOT NULL,
  checklist TEXT NOT NULL,
  PRIMARY KEY (period, unit_code)
);
