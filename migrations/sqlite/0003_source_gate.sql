-- Sources: what stopped the pulls until a person lets them go on, who did, and since which run their usual counts.
CREATE TABLE source_gate (
  source_id TEXT PRIMARY KEY,
  finding TEXT,
  run_id INTEGER,
  since TEXT,
  accepted_at TEXT,
  accepted_by TEXT,
  accepted_reason TEXT,
  usual_from_run INTEGER NOT NULL DEFAULT 0
);
-- Full pulls: how many tasks were seen and are held, what the source says itself, and a digest of keys and hashes.
CREATE TABLE source_proof (
  source_id TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  at TEXT NOT NULL,
  seen INTEGER NOT NULL,
  held INTEGER NOT NULL,
  source_total INTEGER,
  rejected INTEGER NOT NULL,
  missed INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  proven INTEGER NOT NULL,
  digest TEXT NOT NULL,
  periods TEXT NOT NULL,
  PRIMARY KEY (source_id, run_id)
);
