-- Organisations: that a recognition was told, to the organisation (none) or to another agency it concerns.
CREATE TABLE organisation_notice (
  id INTEGER PRIMARY KEY,
  unit_code TEXT NOT NULL,
  year INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  told_to TEXT,
  told_on TEXT NOT NULL,
  how TEXT NOT NULL,
  document TEXT,
  author TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX organisation_notice_of ON organisation_notice (year, unit_code);
