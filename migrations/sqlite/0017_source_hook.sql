-- Sources that say by themselves when something changed: how many calls came, how many a run answered, when the last came.
ALTER TABLE source_state ADD COLUMN hooks_received INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source_state ADD COLUMN hooks_served INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source_state ADD COLUMN hook_at TEXT;
ALTER TABLE run ADD COLUMN hooks_before INTEGER NOT NULL DEFAULT 0;
