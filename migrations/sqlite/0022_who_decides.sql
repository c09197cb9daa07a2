-- What a decision about a record has to cite, and what stands beside it: documents of those who take a fact back or tell
-- a result, earlier results that were replaced, petitions that asked for a hold, figures that changed after a close.
ALTER TABLE service_fact ADD COLUMN revoked_document TEXT;
ALTER TABLE record_notice ADD COLUMN document TEXT;
ALTER TABLE period_close ADD COLUMN document TEXT;
ALTER TABLE unit_close ADD COLUMN document TEXT;
ALTER TABLE petition ADD COLUMN asked_hold INTEGER NOT NULL DEFAULT 0;
UPDATE petition SET asked_hold = 1 WHERE hold_id IS NOT NULL;
ALTER TABLE record_head ADD COLUMN difference TEXT;
CREATE INDEX record_head_different ON record_head (period) WHERE difference IS NOT NULL;
ALTER TABLE history ADD COLUMN document TEXT;
CREATE TABLE history_replaced (
  id INTEGER PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  row TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL,
  document TEXT,
  replaced_at TEXT NOT NULL
);
CREATE INDEX history_replaced_of ON history_replaced (person_id, period);
