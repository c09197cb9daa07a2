-- A source that shows each user only what is theirs: who was shown a task last. A task is gone only when everybody who was shown it
-- was read whole and is not shown it any more; of a user who was refused, or who left the list, nothing is. Accounts stand as numbers
-- made of them.
CREATE TABLE task_viewer (
  task_id BIGINT NOT NULL REFERENCES task (id),
  viewer BIGINT NOT NULL,
  PRIMARY KEY (task_id, viewer)
);
-- Facts of service that a personnel system lists (leave): of which of its records, so that a corrected one takes the place of what it said.
ALTER TABLE service_fact ADD COLUMN source_id TEXT;
ALTER TABLE service_fact ADD COLUMN record_key TEXT;
CREATE INDEX service_fact_by_record ON service_fact (source_id, record_key) WHERE source_id IS NOT NULL;
-- Full pulls of a source that ended well: in which of them details are asked for again goes by their number.
ALTER TABLE source_state ADD COLUMN full_pulls BIGINT NOT NULL DEFAULT 0;
