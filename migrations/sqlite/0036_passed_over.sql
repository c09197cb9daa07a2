-- Versions that were passed over for an earlier time of change left the hash of their record: no pull looked at them
-- again. With a hash no record has, the next one does.
UPDATE task SET hash = zeroblob(16) WHERE EXISTS (SELECT 1 FROM task_event e WHERE e.task_id = task.id AND e.kind = 'outdated'
  AND e.seq = (SELECT max(last.seq) FROM task_event last WHERE last.task_id = task.id));
