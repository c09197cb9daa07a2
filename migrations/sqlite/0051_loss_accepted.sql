-- The run of everything whose loss of tasks a person accepted, whatever other runs were let through for; and what changed
-- tasks lost in the last runs, none of which was many enough to judge; and that no record can be read, until one is.
ALTER TABLE source_gate ADD COLUMN loss_accepted_run INTEGER NOT NULL DEFAULT 0;
UPDATE source_gate SET loss_accepted_run = usual_from_run;
ALTER TABLE source_state ADD COLUMN losing TEXT;
ALTER TABLE source_state ADD COLUMN unread TEXT;
