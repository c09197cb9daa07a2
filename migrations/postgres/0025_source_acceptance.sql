-- Sources: for which reasons a person lets the next run of a stopped source through; no other one passes.
ALTER TABLE source_gate ADD COLUMN accepted JSONB;
UPDATE source_gate SET accepted = jsonb_build_array(finding) WHERE accepted_at IS NOT NULL;
