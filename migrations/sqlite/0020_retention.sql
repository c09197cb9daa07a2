-- When the contents of an answer were let go; its hash and size stay.
ALTER TABLE raw_page ADD COLUMN erased_at TEXT;
