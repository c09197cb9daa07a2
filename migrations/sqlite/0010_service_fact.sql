-- Dated facts of a person's service: leave, discipline, disqualifiers, groups of similar tasks. Taken back, never deleted.
CREATE TABLE service_fact (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  kind TEXT NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT,
  fact TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL,
  revoked_at TEXT,
  revoked_by TEXT,
  revoked_reason TEXT
);
CREATE INDEX service_fact_by_person ON service_fact (person_id);
