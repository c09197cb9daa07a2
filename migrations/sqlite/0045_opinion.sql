-- What others say of a result before it is decided (Decree 335/2025 art. 21, 24; plan IV.4.2.c): the provincial chair, the party
-- committee, bodies concerned. Added to and never changed.
CREATE TABLE record_opinion (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT,
  said_on TEXT NOT NULL,
  document TEXT,
  words TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX record_opinion_of ON record_opinion (person_id, period);
CREATE INDEX record_opinion_in ON record_opinion (period, kind);
