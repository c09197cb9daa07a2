-- What scores read of a person's tasks is kept in short on SQLite alone: here replicas would wait for each other's marks, and
-- the server joins the tables without copying every value.
SELECT 1;
