-- Makes what stands for a series among a sandbox's temporary tables: a view of the build's rows, and of those that the build
-- does not have yet and that were added here, up to the position plannerd.series_upto. What is added behind the build's
-- checkpoint, plannerd.series_folded, goes to the table "added NAME"; the rest is there already.
CREATE OR REPLACE FUNCTION projection.open_series(namespace text, name text, columns text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added  text := 'added ' || name;
  column_default record;
BEGIN
  EXECUTE format(
    -- The condition stands outside, so that Postgres sees two tables and uses their indexes for the order too.
    'CREATE TEMPORARY VIEW %I AS SELECT * FROM (SELECT * FROM %I.%I UNION ALL SELECT * FROM pg_temp.%I) AS rows '
    'WHERE position <= current_setting(''plannerd.series_upto'')::bigint', name, namespace, name, added);
  EXECUTE format(
    'CREATE RULE add AS ON INSERT TO pg_temp.%I DO INSTEAD INSERT INTO pg_temp.%I (%s) SELECT %s '
    'WHERE new.position > current_setting(''plannerd.series_folded'')::bigint', name, added, columns,
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
