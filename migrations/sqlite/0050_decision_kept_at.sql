-- When a decision came to be known here: made earlier elsewhere and read after a result was approved, it is none of its grounds.
-- None of decisions that were there before this column.
ALTER TABLE decision ADD COLUMN kept_at TEXT;
