-- Waiting tasks by the product they are thought to be most: after a decision the most alike are ranked again first.
CREATE INDEX mapping_waiting_for ON mapping ((reason #>> '{candidates,0,product}'), task_id) WHERE state = 'review';
