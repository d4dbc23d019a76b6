-- The log beside the table of bare INSERTs: bytes of a row.
SELECT coalesce(round(avg(pg_column_size(e.*))), 0) FROM :table AS e;
