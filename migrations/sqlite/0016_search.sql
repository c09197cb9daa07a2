-- Words of the titles of tasks, without their text: what a search box asks. The row is the task's number.
CREATE VIRTUAL TABLE task_words USING fts5(words, content='', contentless_delete=1, detail=none, prefix='2 3', tokenize='ascii');
UPDATE meta SET value = CAST((SELECT coalesce(max(id), 0) FROM task) AS TEXT) WHERE key = 'unread_titles';
