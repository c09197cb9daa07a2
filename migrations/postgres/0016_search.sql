-- Words of the titles of tasks: what a search box asks. Only what PostgreSQL has built in.
CREATE TABLE task_words (task_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);
CREATE INDEX task_words_by_word ON task_words USING gin (words);
UPDATE meta SET value = CAST((SELECT coalesce(max(id), 0) FROM task) AS TEXT) WHERE key = 'unread_titles';
