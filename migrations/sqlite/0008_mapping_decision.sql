-- Orders of people about the products of tasks, each kept for good; an undo is an order of its own.
-- kind: decide, undo, propose, accept, import. state: waiting (for a second person), counted, undone, withdrawn.
CREATE TABLE mapping_decision (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  group_id TEXT,
  choice TEXT,
  tasks INTEGER NOT NULL,
  author TEXT NOT NULL,
  reason TEXT,
  at TEXT NOT NULL,
  confirmed_by TEXT,
  confirmed_at TEXT,
  about INTEGER REFERENCES mapping_decision (id),
  proposal_id INTEGER,
  effect TEXT NOT NULL
);
CREATE INDEX mapping_decision_waiting ON mapping_decision (id) WHERE state = 'waiting';
CREATE INDEX mapping_decision_of_group ON mapping_decision (group_id) WHERE group_id IS NOT NULL;
-- The tasks of such an order: the mapping it found and the one it gives.
CREATE TABLE mapping_decision_task (
  decision_id INTEGER NOT NULL REFERENCES mapping_decision (id),
  task_id INTEGER NOT NULL,
  held TEXT,
  given TEXT NOT NULL,
  PRIMARY KEY (decision_id, task_id)
) WITHOUT ROWID;
CREATE INDEX mapping_decision_by_task ON mapping_decision_task (task_id, decision_id);
-- Products no catalog has yet (plan IV.2.3). state: open, withdrawn, accepted.
CREATE TABLE product_proposal (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  unit_code TEXT,
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT,
  at TEXT NOT NULL,
  settled_by TEXT,
  settled_at TEXT,
  accepted_code TEXT,
  accepted_version TEXT
);
CREATE UNIQUE INDEX product_proposal_open ON product_proposal (code) WHERE state = 'open';
-- What a task of an open proposal may count as until a catalog has its product, frozen with the proposal.
CREATE TABLE mapping_pending (
  task_id INTEGER PRIMARY KEY,
  proposal_id INTEGER NOT NULL REFERENCES product_proposal (id),
  code TEXT NOT NULL,
  coefficient TEXT,
  catch_all TEXT,
  catch_all_coefficient TEXT
);
-- Tasks other installations decided, to learn from.
CREATE TABLE mapping_example (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  origin TEXT NOT NULL,
  title TEXT NOT NULL,
  doc_type TEXT NOT NULL,
  category TEXT NOT NULL,
  source_system TEXT NOT NULL,
  unit TEXT NOT NULL,
  product TEXT,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_at TEXT NOT NULL,
  imported_by TEXT NOT NULL,
  imported_at TEXT NOT NULL
);
