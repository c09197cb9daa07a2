-- Sources: what stopped the pulls until a person lets them go on, who did, and since which run their usual counts.
CREATE TABLE source_gate (
  source_id TEXT PRIMARY KEY,
  finding JSONB,
  run_id BIGINT,
  since TIMESTAMPTZ,
  accepted_at TIMESTAMPTZ,
  accepted_by TEXT,
  accepted_reason TEXT,
  usual_from_run BIGINT NOT NULL DEFAULT 0
);
-- Full pulls: how many tasks were seen and are held, what the source says itself, and a digest of keys and hashes.
CREATE TABLE source_proof (
  source_id TEXT NOT NULL,
  run_id BIGINT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  seen BIGINT NOT NULL,
  held BIGINT NOT NULL,
  source_total BIGINT,
  rejected BIGINT NOT NULL,
  missed BIGINT NOT NULL,
  gone BIGINT NOT NULL,
  proven BOOLEAN NOT NULL,
  digest TEXT NOT NULL,
  periods JSONB NOT NULL,
  PRIMARY KEY (source_id, run_id)
);
