-- A score reads all tasks of a person, which lie far from each other: what it takes of a stake stands in the index that
-- finds it, so that a row of its own need not be fetched for each.
DROP INDEX task_person_by_person;
CREATE INDEX task_person_by_person ON task_person (person_id, task_id, since, handed_over, taken_over);
