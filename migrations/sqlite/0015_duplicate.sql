-- Marks by which tasks of one person that may be one are found: eight bytes of a digest.
CREATE TABLE task_trait (trait INTEGER NOT NULL, task_id INTEGER NOT NULL, PRIMARY KEY (trait, task_id)) WITHOUT ROWID;
CREATE INDEX task_trait_of ON task_trait (task_id);
-- Pairs of tasks that may be one, the lower number first. state: proposed, confirmed, rejected.
CREATE TABLE task_pair (
  first_id INTEGER NOT NULL,
  second_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  reasons TEXT NOT NULL,
  found_at TEXT NOT NULL,
  PRIMARY KEY (first_id, second_id)
) WITHOUT ROWID;
CREATE INDEX task_pair_second ON task_pair (second_id);
CREATE INDEX task_pair_state ON task_pair (state, second_id);
-- What people said of pairs, each word kept for good. word: same, different, undo.
CREATE TABLE task_pair_word (
  id INTEGER PRIMARY KEY,
  first_id INTEGER NOT NULL,
  second_id INTEGER NOT NULL,
  word TEXT NOT NULL,
  primary_id INTEGER NOT NULL,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX task_pair_word_of ON task_pair_word (first_id, second_id, id);
-- Tasks that count as another one.
CREATE TABLE task_duplicate (task_id INTEGER PRIMARY KEY, primary_id INTEGER NOT NULL);
CREATE INDEX task_duplicate_of ON task_duplicate (primary_id);
-- Titles of tasks up to this number are still to be read for pairs.
INSERT INTO meta (key, value) SELECT 'unread_titles', CAST(coalesce(max(id), 0) AS TEXT) FROM task;
