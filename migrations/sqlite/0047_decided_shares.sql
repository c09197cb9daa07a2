-- What orders say about shares of products, by task: entered once the order counts.
CREATE TABLE mapping_decision_share (
  decision_id INTEGER NOT NULL REFERENCES mapping_decision (id),
  task_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (decision_id, task_id)
) WITHOUT ROWID;
-- Tasks are marked by the document they are about as well: titles of those stored before are read again.
UPDATE meta SET value = CAST((SELECT coalesce(max(id), 0) FROM task) AS TEXT) WHERE key = 'unread_titles';
