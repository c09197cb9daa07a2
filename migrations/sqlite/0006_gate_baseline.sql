-- Sources: the kind of run a gate stopped, the highest number of a task known before it, and how many tasks the runs a
-- person let through saw, where what they did not see could not be called gone.
ALTER TABLE source_gate ADD COLUMN kind TEXT;
ALTER TABLE source_gate ADD COLUMN known_to INTEGER;
ALTER TABLE source_gate ADD COLUMN measure INTEGER;
UPDATE source_gate SET kind = (SELECT run.kind FROM run WHERE run.id = source_gate.run_id),
  known_to = (SELECT coalesce(max(id), 0) FROM task) WHERE finding IS NOT NULL;
