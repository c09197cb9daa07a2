-- Sources: by which rules their records were read: by the last pull that ended well, and by the last one of everything.
ALTER TABLE source_state ADD COLUMN rules_pulled TEXT;
ALTER TABLE source_state ADD COLUMN rules_read TEXT;
