-- Examples of other installations belong to the order that brought them in: it waits for a second person where one is asked for, counts
-- or is taken back as a whole. The same row may come again once its order was taken back. What was brought in before gets such orders.
INSERT INTO mapping_decision (kind, state, tasks, author, reason, at, effect)
  SELECT 'examples', 'counted', count(*), imported_by, origin, imported_at, '{}'
  FROM mapping_example GROUP BY origin, imported_by, imported_at ORDER BY min(id);
ALTER TABLE mapping_example ADD COLUMN decision_id BIGINT REFERENCES mapping_decision (id);
UPDATE mapping_example e SET decision_id = d.id FROM mapping_decision d
  WHERE d.kind = 'examples' AND d.reason = e.origin AND d.author = e.imported_by AND d.at = e.imported_at;
ALTER TABLE mapping_example ALTER COLUMN decision_id SET NOT NULL;
ALTER TABLE mapping_example DROP CONSTRAINT mapping_example_digest_key;
ALTER TABLE mapping_example ADD UNIQUE (decision_id, digest);
ALTER TABLE mapping_example DROP COLUMN imported_by, DROP COLUMN imported_at;
CREATE INDEX mapping_example_by_digest ON mapping_example (digest);
CREATE INDEX mapping_decision_examples ON mapping_decision (id) WHERE kind = 'examples';
