-- The tables that two builds have in common: the columns that both have with the same type, and those of the primary key
-- where it is the same; in quotes, as SQL has them.
CREATE OR REPLACE FUNCTION projection.table_shapes(first text, second text)
RETURNS TABLE (table_name text, all_columns text[], key_columns text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH columns AS (
    SELECT c.relnamespace, c.relname, a.attname, a.atttypid, a.attnum,
           (SELECT array_position(i.indkey::smallint[], a.attnum) FROM pg_index i
             WHERE i.indrelid = c.oid AND i.indisprimary) AS key_place
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace IN (first::regnamespace, second::regnamespace) AND c.relkind = 'r'
       AND a.attnum > 0 AND NOT a.attisdropped)
  SELECT l.relname::text, array_agg(format('%I', l.attname) ORDER BY l.attnum),
         CASE WHEN bool_and(l.key_place IS NOT DISTINCT FROM r.key_place)
              AND (SELECT count(*) FROM columns k WHERE k.relnamespace = first::regnamespace
                      AND k.relname = l.relname AND k.key_place IS NOT NULL) = count(l.key_place)
              THEN array_agg(format('%I', l.attname) ORDER BY l.key_place)
                     FILTER (WHERE l.key_place IS NOT NULL) END
    FROM columns l JOIN columns r USING (relname, attname, atttypid)
   WHERE l.relnamespace = first::regnamespace AND r.relnamespace = second::regnamespace
   GROUP BY l.relname ORDER BY l.relname
$$;
GRANT EXECUTE ON FUNCTION projection.table_shapes TO plannerd_project;
