-- Sources: the fields of their records as seen so far, with types and small vocabularies, without personal data.
CREATE TABLE source_shape (source_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, body TEXT NOT NULL);
