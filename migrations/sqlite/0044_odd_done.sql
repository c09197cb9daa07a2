-- Why the day a task was done on cannot be true, as long as its source says so; empty = nothing speaks against it.
ALTER TABLE task ADD COLUMN odd_done TEXT NOT NULL DEFAULT '';
-- Days of Vietnam (+07:00); facts keep moments as milliseconds since 1970.
UPDATE task SET odd_done = 'before_assigned' WHERE status = 'done' AND json_type(facts, '$.c') = 'integer'
  AND json_type(facts, '$.g') = 'integer'
  AND (json_extract(facts, '$.c') + 25200000) / 86400000 < (json_extract(facts, '$.g') + 25200000) / 86400000;
-- More than a day after this moment.
UPDATE task SET odd_done = 'in_future' WHERE odd_done = '' AND status = 'done' AND json_type(facts, '$.c') = 'integer'
  AND json_extract(facts, '$.c') > (CAST(strftime('%s', 'now') AS INTEGER) + 86400) * 1000;
CREATE INDEX task_odd_done ON task (odd_done, id) WHERE odd_done <> '';
-- Links counted for login names alone: tasks of nobody are looked at again where accounts of their source are linked.
UPDATE task SET identify_due = TRUE WHERE EXISTS (SELECT 1 FROM account a WHERE a.source_id = task.source_id)
  AND NOT EXISTS (SELECT 1 FROM task_person p WHERE p.task_id = task.id);
-- So are the tasks of whoever has the staff number that is linked to somebody else.
UPDATE task SET identify_due = TRUE WHERE id IN (SELECT t.id FROM account a
  JOIN person o ON o.staff_number = a.account AND o.id <> a.person_id
  JOIN task_person p ON p.person_id = o.id JOIN task t ON t.id = p.task_id AND t.source_id = a.source_id);
