-- What scores read of a person's tasks, all of them in short: they lie far from each other. The short form is emptied by
-- whatever changes anything it is made of, in the same transaction, and its stamp moves on, so that what was read before
-- is not kept afterwards. Products of a catalog version never change.
CREATE TABLE person_tasks (
  person_id TEXT PRIMARY KEY,
  stamp INTEGER NOT NULL,
  form INTEGER NOT NULL DEFAULT 0,
  body BLOB
);
INSERT INTO person_tasks (person_id, stamp) SELECT DISTINCT person_id, 0 FROM task_person;

CREATE TRIGGER person_tasks_stake_new AFTER INSERT ON task_person BEGIN
  INSERT INTO person_tasks (person_id, stamp) VALUES (new.person_id, 1)
    ON CONFLICT (person_id) DO UPDATE SET stamp = stamp + 1, body = NULL;
END;
CREATE TRIGGER person_tasks_stake_gone AFTER DELETE ON task_person BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL WHERE person_id = old.person_id;
END;
CREATE TRIGGER person_tasks_stake_changed AFTER UPDATE ON task_person BEGIN
  INSERT INTO person_tasks (person_id, stamp) VALUES (new.person_id, 1)
    ON CONFLICT (person_id) DO UPDATE SET stamp = stamp + 1, body = NULL;
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL WHERE person_id = old.person_id;
END;

CREATE TRIGGER person_tasks_task_changed
AFTER UPDATE OF source_id, external_id, status, title, due_day, changed_at, facts ON task BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.id);
END;

CREATE TRIGGER person_tasks_mapping_new AFTER INSERT ON mapping BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_mapping_changed AFTER UPDATE ON mapping BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_mapping_gone AFTER DELETE ON mapping BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = old.task_id);
END;

CREATE TRIGGER person_tasks_mapping_pending_new AFTER INSERT ON mapping_pending BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_mapping_pending_changed AFTER UPDATE ON mapping_pending BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_mapping_pending_gone AFTER DELETE ON mapping_pending BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = old.task_id);
END;

CREATE TRIGGER person_tasks_task_duplicate_new AFTER INSERT ON task_duplicate BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_task_duplicate_changed AFTER UPDATE ON task_duplicate BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = new.task_id);
END;
CREATE TRIGGER person_tasks_task_duplicate_gone AFTER DELETE ON task_duplicate BEGIN
  UPDATE person_tasks SET stamp = stamp + 1, body = NULL
    WHERE person_id IN (SELECT person_id FROM task_person WHERE task_id = old.task_id);
END;
