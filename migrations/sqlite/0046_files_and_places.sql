-- Files of a source that is a folder, as the last pull that looked found them; none of other sources.
ALTER TABLE source_state ADD COLUMN files TEXT;
-- Numbers of citizens that people files named as accounts: sources that name people by such numbers are known by their
-- index alone, so these rows led to nobody's tasks. Sources that write twelve figures as a login keep theirs.
DELETE FROM account WHERE account GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
  AND source_id IN (SELECT source_id FROM task WHERE facts GLOB '*"c:*')
  AND source_id NOT IN (SELECT source_id FROM task WHERE facts GLOB '*"[as]:[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]"*');
-- Where the record of a task stands in its kept answer: file and line, or # and its number there; none of tasks read before.
ALTER TABLE task ADD COLUMN place TEXT;
-- The journal narrowed to one kind of entry.
CREATE INDEX audit_by_action ON audit (action, seq);
