-- Orders of people about the products of tasks, each kept for good; an undo is an order of its own.
-- kind: decide, undo, propose, accept, import. state: waiting (for a second person), counted, undone, withdrawn.
CREATE TABLE mapping_decision (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  group_id TEXT,
  choice TEXT,
  tasks BIGINT NOT NULL,
  author TEXT NOT NULL,
  reason TEXT,
  at TIMESTAMPTZ NOT NULL,
  confirmed_by TEXT,
  confirmed_at TIMESTAMPTZ,
  about BIGINT REFERENCES mapping_decision (id),
  proposal_id BIGINT,
  effect JSONB NOT NULL
);
CREATE INDEX mapping_decision_waiting ON mapping_decision (id) WHERE state = 'waiting';
CREATE INDEX mapping_decision_of_group ON mapping_decision (group_id) WHERE group_id IS NOT NULL;
-- The tasks of such an order: the mapping it found and the one it gives.
CREATE TABLE mapping_decision_task (
  decision_id BIGINT NOT NULL REFERENCES mapping_decision (id),
  task_id BIGINT NOT NULL,
  held JSONB,
  given JSONB NOT NULL,
  PRIMARY KEY (decision_id, task_id)
);
CREATE INDEX mapping_decision_by_task ON mapping_decision_task (task_id, decision_id);
-- Products no catalog has yet (plan IV.2.3). state: open, withdrawn, accepted.
CREATE TABLE product_proposal (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  unit_code TEXT,
  body JSONB NOT NULL,
  author TEXT NOT NULL,
  reason TEXT,
  at TIMESTAMPTZ NOT NULL,
  settled_by TEXT,
  settled_at TIMESTAMPTZ,
  accepted_code TEXT,
  accepted_version TEXT
);
CREATE UNIQUE INDEX product_proposal_open ON product_proposal (code) WHERE state = 'open';
-- What a task of an open proposal may count as until a catalog has its product, frozen with the proposal.
CREATE TABLE mapping_pending (
  task_id BIGINT PRIMARY KEY,
  proposal_id BIGINT NOT NULL REFERENCES product_proposal (id),
  code TEXT NOT NULL,
  coefficient NUMERIC,
  catch_all TEXT,
  catch_all_coefficient NUMERIC
);
-- Tasks other installations decided, to learn from.
CREATE TABLE mapping_example (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest BYTEA NOT NULL UNIQUE,
  origin TEXT NOT NULL,
  title TEXT NOT NULL,
  doc_type TEXT NOT NULL,
  category TEXT NOT NULL,
  source_system TEXT NOT NULL,
  unit TEXT NOT NULL,
  product TEXT,
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_at TIMESTAMPTZ NOT NULL,
  imported_by TEXT NOT NULL,
  imported_at TIMESTAMPTZ NOT NULL
);
