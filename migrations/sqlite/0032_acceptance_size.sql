-- Sources: the least a run has to show to be let through for what stopped the source, where that has a size.
ALTER TABLE source_gate ADD COLUMN least INTEGER;
