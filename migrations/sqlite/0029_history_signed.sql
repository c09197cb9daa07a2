-- Whoever signs that somebody has no earlier results answers for it like whoever brings them in: an office by a document.
ALTER TABLE history_empty ADD COLUMN document TEXT;
