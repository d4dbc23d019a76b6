-- Makes what stands for a series among a sandbox's temporary tables: a view of the live rows up to a position and of the rows
-- that were added here. What is added to it goes to the table "added NAME".
CREATE OR REPLACE FUNCTION projection.open_series(namespace text, name text, columns text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added  text := 'added ' || name;
  column_default record;
BEGIN
  EXECUTE format(
    'CREATE TEMPORARY VIEW %I AS '
    'SELECT * FROM %I.%I WHERE position <= current_setting(''plannerd.series_upto'')::bigint '
    'UNION ALL SELECT * FROM pg_temp.%I', name, namespace, name, added);
  EXECUTE format(
    'CREATE RULE add AS ON INSERT TO pg_temp.%I DO INSTEAD INSERT INTO pg_temp.%I (%s) VALUES (%s) RETURNING *',
    name, added, columns,
    (SELECT string_agg('new.' || quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = format('%I.%I', namespace, name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = ''));
  FOR column_default IN
    SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) AS expression
      FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     WHERE d.adrelid = format('%I.%I', namespace, name)::regclass AND a.attgenerated = ''
  LOOP
    EXECUTE format('ALTER VIEW pg_temp.%I ALTER COLUMN %I SET DEFAULT %s',
                   name, column_default.attname, column_default.expression);
  END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION projection.open_series TO plannerd_project, plannerd_query;
