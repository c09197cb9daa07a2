-- Examples of other installations belong to the order that brought them in: it waits for a second person where one is asked for, counts
-- or is taken back as a whole. The same row may come again once its order was taken back. What was brought in before gets such orders.
INSERT INTO mapping_decision (kind, state, tasks, author, reason, at, effect)
  SELECT 'examples', 'counted', count(*), imported_by, origin, imported_at, '{}'
  FROM mapping_example GROUP BY origin, imported_by, imported_at ORDER BY min(id);
CREATE TABLE mapping_example_of_order (
  id INTEGER PRIMARY KEY,
  decision_id INTEGER NOT NULL REFERENCES mapping_decision (id),
  digest BLOB NOT NULL,
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
  UNIQUE (decision_id, digest)
);
INSERT INTO mapping_example_of_order
  SELECT e.id, d.id, e.digest, e.origin, e.title, e.doc_type, e.category, e.source_system, e.unit, e.product, e.author, e.reason, e.decided_at
  FROM mapping_example e JOIN mapping_decision d
    ON d.kind = 'examples' AND d.reason = e.origin AND d.author = e.imported_by AND d.at = e.imported_at;
DROP TABLE mapping_example;
ALTER TABLE mapping_example_of_order RENAME TO mapping_example;
CREATE INDEX mapping_example_by_digest ON mapping_example (digest);
CREATE INDEX mapping_decision_examples ON mapping_decision (id) WHERE kind = 'examples';
