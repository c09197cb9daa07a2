-- Liên Thông, first schema. Dates and instants are ISO 8601 text in UTC, decimals and ids are text.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- Sources: where each pull goes on, how it went.
CREATE TABLE source_state (
  source_id TEXT PRIMARY KEY,
  cursor TEXT,
  last_attempt_at TEXT,
  last_success_at TEXT,
  last_full_at TEXT,
  next_due_at TEXT,
  consecutive_failures INTEGER NOT NULL DEFAULT 0,
  blocked_until TEXT,
  last_error TEXT,
  records_total INTEGER NOT NULL DEFAULT 0,
  events_total INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  outcome TEXT,
  pages INTEGER NOT NULL DEFAULT 0,
  records INTEGER NOT NULL DEFAULT 0,
  new_tasks INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  findings TEXT
);
CREATE INDEX run_by_source ON run (source_id, id);

-- Answers as received: compressed, sealed, with the SHA-256 of the plain bytes.
-- details: its records as detail calls completed them, by key, kept the same way.
CREATE TABLE raw_page (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  fetched_at TEXT NOT NULL,
  request TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  size INTEGER NOT NULL,
  body BLOB NOT NULL,
  details_sha256 BLOB,
  details_size INTEGER,
  details BLOB
);
-- facts: what no other column says, with the short keys of src/store/facts.rs.
CREATE TABLE task (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  external_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  status TEXT NOT NULL,
  title TEXT NOT NULL,
  due_day TEXT,
  raw_id INTEGER,
  changed_at TEXT NOT NULL,
  identify_due INTEGER NOT NULL,
  map_due INTEGER NOT NULL,
  facts TEXT NOT NULL,
  UNIQUE (source_id, external_id)
);
CREATE INDEX task_identify_due ON task (id) WHERE identify_due;
CREATE INDEX task_map_due ON task (id) WHERE map_due AND NOT identify_due;
-- Events of a task, 1, 2, …; payload: what kind and time do not say, with the same short keys.
CREATE TABLE task_event (
  task_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at TEXT,
  observed_at TEXT NOT NULL,
  raw_id INTEGER,
  payload TEXT,
  PRIMARY KEY (task_id, seq)
) WITHOUT ROWID;
CREATE TABLE rejected (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  external_id TEXT,
  record_index INTEGER NOT NULL,
  raw_id INTEGER,
  request TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  body BLOB NOT NULL,
  finding TEXT NOT NULL,
  first_seen_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  state TEXT NOT NULL,
  UNIQUE (source_id, sha256)
);
CREATE INDEX rejected_open ON rejected (id) WHERE state = 'open';
CREATE INDEX rejected_open_key ON rejected (source_id, external_id) WHERE state = 'open';

-- People and units.
CREATE TABLE unit (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent TEXT,
  org_code TEXT
);
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  staff_number TEXT NOT NULL UNIQUE,
  citizen_index TEXT UNIQUE,
  citizen_sealed BLOB,
  full_name TEXT NOT NULL
);
CREATE TABLE membership (
  person_id TEXT NOT NULL REFERENCES person (id),
  unit_code TEXT NOT NULL,
  post TEXT NOT NULL,
  role TEXT NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT
);
CREATE INDEX membership_by_person ON membership (person_id);
CREATE TABLE leadership (
  leader_id TEXT NOT NULL REFERENCES person (id),
  unit_code TEXT NOT NULL,
  from_day TEXT NOT NULL,
  to_day TEXT
);
CREATE INDEX leadership_by_leader ON leadership (leader_id);
CREATE TABLE account (
  source_id TEXT NOT NULL,
  account TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES person (id),
  linked_by TEXT NOT NULL,
  PRIMARY KEY (source_id, account)
);
CREATE TABLE unknown_account (
  id INTEGER PRIMARY KEY,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  name_hint TEXT,
  first_seen_at TEXT NOT NULL,
  tasks INTEGER NOT NULL DEFAULT 0,
  UNIQUE (source_id, kind, account)
);
-- Which tasks such an account has a stake in.
CREATE TABLE unknown_stake (
  task_id INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (task_id, kind, account)
);
CREATE INDEX unknown_stake_by_account ON unknown_stake (source_id, account);
CREATE TABLE task_person (
  task_id INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  person_id TEXT NOT NULL,
  since TEXT,
  handed_over INTEGER NOT NULL,
  taken_over INTEGER NOT NULL,
  PRIMARY KEY (task_id, ordinal)
);
CREATE INDEX task_person_by_person ON task_person (person_id, task_id);

-- Catalog and mapping.
CREATE TABLE catalog_version (
  version TEXT PRIMARY KEY,
  valid_from TEXT NOT NULL,
  sha256 BLOB NOT NULL,
  imported_at TEXT NOT NULL,
  imported_by TEXT NOT NULL
);
CREATE TABLE catalog_product (
  version TEXT NOT NULL REFERENCES catalog_version (version),
  code TEXT NOT NULL,
  coefficient TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (version, code)
);
CREATE TABLE mapping (
  task_id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  product TEXT,
  catalog_version TEXT NOT NULL,
  coefficient TEXT,
  decided_by TEXT NOT NULL,
  author TEXT,
  reason TEXT NOT NULL,
  decided_at TEXT NOT NULL
);
CREATE INDEX mapping_by_state ON mapping (state, task_id);
CREATE INDEX mapping_of_people ON mapping (task_id) WHERE decided_by = 'operator';
CREATE TABLE mapping_history (
  id INTEGER PRIMARY KEY,
  task_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  product TEXT,
  catalog_version TEXT NOT NULL,
  coefficient TEXT,
  decided_by TEXT NOT NULL,
  author TEXT,
  reason TEXT NOT NULL,
  decided_at TEXT NOT NULL
);
CREATE INDEX mapping_history_by_task ON mapping_history (task_id, id);
CREATE INDEX mapping_history_of_people ON mapping_history (id) WHERE decided_by = 'operator';

-- What people decided.
CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  key TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  applied INTEGER NOT NULL DEFAULT 0,
  document TEXT,
  refused TEXT,
  -- Revision an approval names that does not exist yet; it is taken up when it does.
  awaits INTEGER,
  UNIQUE (origin, key)
);
CREATE INDEX decision_by_person ON decision (person_id, period);
CREATE INDEX decision_open ON decision (id) WHERE NOT applied;
CREATE INDEX decision_refused ON decision (id) WHERE refused IS NOT NULL;
CREATE TABLE decision_cursor (origin TEXT PRIMARY KEY, cursor TEXT NOT NULL);
-- Entries of an origin that did not become decisions: sealed as received, with their reason, until they do.
CREATE TABLE decision_kept (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  digest TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body BLOB NOT NULL,
  finding TEXT NOT NULL,
  first_seen_at TEXT NOT NULL,
  taken_up_at TEXT,
  UNIQUE (origin, digest)
);
CREATE INDEX decision_kept_open ON decision_kept (id) WHERE taken_up_at IS NULL;

-- Scores.
CREATE TABLE rule_set (hash TEXT PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, first_used_at TEXT NOT NULL);
CREATE TABLE score_due (person_id TEXT NOT NULL, period TEXT NOT NULL, stamp INTEGER NOT NULL, PRIMARY KEY (person_id, period));
CREATE TABLE score (
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  scope TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  role TEXT NOT NULL,
  rule_set_hash TEXT NOT NULL,
  inputs_hash TEXT NOT NULL,
  as_of TEXT NOT NULL,
  task_part TEXT,
  total TEXT,
  total_exact TEXT,
  summary TEXT NOT NULL,
  derivation BLOB NOT NULL,
  computed_at TEXT NOT NULL,
  record_due INTEGER NOT NULL,
  PRIMARY KEY (person_id, period, scope)
);
CREATE INDEX score_by_period ON score (period, scope);
CREATE INDEX score_record_due ON score (period) WHERE record_due;
CREATE INDEX score_complete ON score (person_id) WHERE total IS NOT NULL;

-- Evaluation records: revisions are never changed, only added.
CREATE TABLE record (
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  content TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  summary TEXT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT,
  at TEXT NOT NULL,
  PRIMARY KEY (person_id, period, revision)
);
CREATE TABLE record_head (
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (person_id, period)
);
CREATE INDEX record_head_by_period ON record_head (period, state);
CREATE TABLE period_close (period TEXT PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, checklist TEXT NOT NULL);
CREATE TABLE history (
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  row TEXT NOT NULL,
  author TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (person_id, period)
);
CREATE TABLE history_empty (person_id TEXT PRIMARY KEY REFERENCES person (id), author TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);

-- Deliveries.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES person (id),
  period TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  payload BLOB NOT NULL,
  payload_hash TEXT NOT NULL,
  list_len INTEGER NOT NULL,
  covers TEXT NOT NULL,
  created_at TEXT NOT NULL,
  deadline_at TEXT,
  deadlines TEXT NOT NULL,
  next_try_at TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_owner TEXT,
  lease_until TEXT,
  last_finding TEXT,
  settled_at TEXT,
  -- Who let this very list go out although it lacks what was acknowledged, why, and by which document.
  allowed_at TEXT,
  allowed_by TEXT,
  allowed_reason TEXT,
  allowed_document TEXT
);
CREATE INDEX outbox_open ON outbox (target, person_id) WHERE settled_at IS NULL;
CREATE INDEX outbox_by_person ON outbox (person_id, target);
CREATE INDEX outbox_by_target ON outbox (target, id);
CREATE INDEX outbox_by_state ON outbox (target, state, id);
CREATE INDEX outbox_by_deadline ON outbox (target, deadline_at, id) WHERE settled_at IS NULL;
CREATE UNIQUE INDEX outbox_by_order ON outbox (target, person_id, seq);
CREATE TABLE receipt (
  outbox_id TEXT PRIMARY KEY REFERENCES outbox (id),
  target TEXT NOT NULL,
  person_id TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  received_at TEXT NOT NULL,
  answer TEXT NOT NULL,
  payload_hash TEXT NOT NULL,
  list_len INTEGER NOT NULL
);
CREATE INDEX receipt_by_person ON receipt (target, person_id);

-- Replicas, schedule, audit.
CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, fence INTEGER NOT NULL, expires_at TEXT NOT NULL);
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  reason TEXT,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL
);
-- What changes people, units and accounts: counted at each look at the directory.
CREATE INDEX audit_of_directory ON audit (action) WHERE action IN ('people_imported', 'account_linked', 'account_moved');
