-- What the figures of each revision of a record that does not move by itself follow from, kept when its score moves away from
-- them, and kept for good: a correction does not take away what the result before it rested on.
CREATE TABLE revision_ground (
  person_id UUID NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision BIGINT NOT NULL,
  derivation BYTEA NOT NULL,
  working_days TEXT,
  computed_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (person_id, period, revision)
);
INSERT INTO revision_ground (person_id, period, revision, derivation, working_days, computed_at)
SELECT s.person_id, s.period, h.revision, s.derivation, s.working_days, s.computed_at
FROM score_stood s JOIN record_head h ON h.person_id = s.person_id AND h.period = s.period;
DROP TABLE score_stood;
