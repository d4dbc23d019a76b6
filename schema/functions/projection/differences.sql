-- The rows in which the tables of two builds differ: by table and kind how many there are, and the first of them in the
-- order of their keys. `added` are in the second only, `gone` in the first only, `different` in both with other values;
-- rows of tables without a primary key are added or gone. Columns that only one of the two has, or has with another
-- type, are not compared.
CREATE OR REPLACE FUNCTION projection.differences(
  first text, second text, scope_column text, of_scope uuid, sample bigint
) RETURNS TABLE (table_name text, kind text, total bigint, key jsonb, before jsonb, after jsonb, columns text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  condition text := projection.scope_condition(scope_column, of_scope);
  shape     record;
BEGIN
  FOR shape IN SELECT * FROM projection.table_shapes(first, second) LOOP
    RETURN QUERY EXECUTE format(
      'WITH differing AS MATERIALIZED (%s), numbered AS (
         SELECT d.*, count(*) OVER (PARTITION BY d.kind) AS total,
                row_number() OVER (PARTITION BY d.kind ORDER BY d.key) AS number
           FROM differing d)
       SELECT %L, n.kind, n.total, n.key, n.before, n.after,
              (SELECT array_agg(b.key ORDER BY b.key)
                 FROM jsonb_each(n.before) b JOIN jsonb_each(n.after) a USING (key)
                WHERE a.value IS DISTINCT FROM b.value)
         FROM numbered n WHERE n.number <= %s ORDER BY n.kind, n.number',
      CASE WHEN shape.key_columns IS NULL THEN
        format(
          'SELECT ''gone'' AS kind, to_jsonb(r) AS key, to_jsonb(r) AS before, NULL::jsonb AS after
             FROM (SELECT %1$s FROM %2$I.%4$I WHERE %5$s EXCEPT ALL SELECT %1$s FROM %3$I.%4$I WHERE %5$s) r
           UNION ALL
           SELECT ''added'', to_jsonb(r), NULL, to_jsonb(r)
             FROM (SELECT %1$s FROM %3$I.%4$I WHERE %5$s EXCEPT ALL SELECT %1$s FROM %2$I.%4$I WHERE %5$s) r',
          array_to_string(shape.all_columns, ', '), first, second, shape.table_name, condition)
      ELSE
        format(
          'SELECT CASE WHEN l."in it" IS NULL THEN ''added'' WHEN r."in it" IS NULL THEN ''gone''
                       ELSE ''different'' END AS kind,
                  to_jsonb((SELECT k FROM (SELECT %6$s) k)) AS key,
                  CASE WHEN l."in it" THEN to_jsonb(l) - ''in it'' END AS before,
                  CASE WHEN r."in it" THEN to_jsonb(r) - ''in it'' END AS after
             FROM (SELECT %1$s, true AS "in it" FROM %2$I.%4$I WHERE %5$s) l
             FULL JOIN (SELECT %1$s, true AS "in it" FROM %3$I.%4$I WHERE %5$s) r USING (%6$s)
            WHERE l."in it" IS NULL OR r."in it" IS NULL OR l IS DISTINCT FROM r',
          array_to_string(shape.all_columns, ', '), first, second, shape.table_name, condition,
          array_to_string(shape.key_columns, ', '))
      END, shape.table_name, sample);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.differences TO plannerd_project;
