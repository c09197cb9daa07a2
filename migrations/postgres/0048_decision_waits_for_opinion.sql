-- How many opinions about the record there were when a decision was found to lack one (Decree 335/2025 art. 21; plan IV.4.2.c): it is
-- judged again once there are more. None of decisions that lack none.
ALTER TABLE decision ADD COLUMN heard BIGINT;
