-- Targets: what the last attempt came to that did not arrive, until one arrives again.
CREATE TABLE target_state (
  target TEXT PRIMARY KEY,
  last_error TEXT NOT NULL,
  last_error_at TEXT NOT NULL
);
