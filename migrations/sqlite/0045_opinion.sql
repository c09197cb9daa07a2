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

-- Deputies of the province's chair are outside the decree as the chair is (art. 2.3): what was computed of them in open periods is
-- looked at again, and goes. Months follow their quarter.
INSERT INTO score_due (person_id, period, stamp)
SELECT DISTINCT s.person_id, s.period, 1 FROM score s
JOIN membership m ON m.person_id = s.person_id JOIN unit u ON u.code = m.unit_code
WHERE m.role = 'deputy' AND u.kind = 'province' AND s.period NOT LIKE '____-0_' AND s.period NOT LIKE '____-1_'
  AND NOT EXISTS (SELECT 1 FROM period_close c WHERE c.period = s.period)
ON CONFLICT (person_id, period) DO UPDATE SET stamp = score_due.stamp + 1;
