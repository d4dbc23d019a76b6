-- Makes the rows of a build's tables those of another build of the same generation at the same position, touching the
-- ones that differ only. Of tables without a primary key all rows are put in anew.
CREATE OR REPLACE FUNCTION projection.repair(build text, fresh text, scope_column text, of_scope uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  condition text := projection.scope_condition(scope_column, of_scope);
  shape     record;
BEGIN
  PERFORM set_config('plannerd.mends', 'true', true);
  -- All deletions come first: tables may refer to each other, and a row may be in the way of another.
  FOR shape IN SELECT * FROM projection.table_shapes(build, fresh) LOOP
    EXECUTE format('DELETE FROM %I.%I AS l WHERE %s', build, shape.table_name, condition)
      || CASE WHEN shape.key_columns IS NULL THEN '' ELSE
           format(' AND NOT EXISTS (SELECT FROM %I.%I AS f WHERE %s AND ROW(f.*) IS NOT DISTINCT FROM ROW(l.*))',
                  fresh, shape.table_name,
                  (SELECT string_agg(format('f.%s = l.%1$s', k), ' AND ') FROM unnest(shape.key_columns) AS k))
         END;
  END LOOP;
  FOR shape IN SELECT * FROM projection.table_shapes(build, fresh) LOOP
    EXECUTE format('INSERT INTO %1$I.%2$I (%3$s) SELECT %3$s FROM %4$I.%2$I AS f WHERE %5$s',
                   build, shape.table_name, array_to_string(shape.all_columns, ', '), fresh, condition)
      || CASE WHEN shape.key_columns IS NULL THEN '' ELSE
           format(' AND NOT EXISTS (SELECT FROM %I.%I AS l WHERE %s)', build, shape.table_name,
                  (SELECT string_agg(format('f.%s = l.%1$s', k), ' AND ') FROM unnest(shape.key_columns) AS k))
         END;
  END LOOP;
  PERFORM set_config('plannerd.mends', 'false', true);
END
$$;
GRANT EXECUTE ON FUNCTION projection.repair TO plannerd_project;
