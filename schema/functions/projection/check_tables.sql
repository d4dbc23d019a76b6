-- Refuses (PL005) tables whose content would not follow from the events alone, or would not fit the folder's scope.
CREATE OR REPLACE FUNCTION projection.check_tables(namespace text, of_category text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bad record;
BEGIN
  SELECT c.relname, c.relkind INTO bad
    FROM pg_class c
   WHERE c.relnamespace = namespace::regnamespace AND c.relkind NOT IN ('r', 'i');
  IF FOUND THEN
    RAISE EXCEPTION 'table.sql may make tables and indexes only, not %', bad.relname USING ERRCODE = 'PL005';
  END IF;

  SELECT p.proname INTO bad FROM pg_proc p WHERE p.pronamespace = namespace::regnamespace;
  IF FOUND THEN
    RAISE EXCEPTION 'table.sql may make tables and indexes only, not function %', bad.proname
      USING ERRCODE = 'PL005';
  END IF;

  SELECT t.tgname INTO bad
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
   WHERE c.relnamespace = namespace::regnamespace AND NOT t.tgisinternal;
  IF FOUND THEN
    RAISE EXCEPTION 'table.sql may make tables and indexes only, not trigger %', bad.tgname
      USING ERRCODE = 'PL005';
  END IF;

  SELECT c.relname, a.attname INTO bad
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.relnamespace = namespace::regnamespace AND c.relkind = 'r' AND a.attnum > 0
     AND a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'float4[]'::regtype, 'float8[]'::regtype);
  IF FOUND THEN
    RAISE EXCEPTION 'column % of table % is a float, whose sums depend on their order; use numeric',
      bad.attname, bad.relname USING ERRCODE = 'PL005';
  END IF;

  SELECT c.relname, a.attname INTO bad
    FROM pg_attrdef d
    JOIN pg_class c ON c.oid = d.adrelid
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
   WHERE c.relnamespace = namespace::regnamespace
     AND EXISTS (SELECT FROM pg_depend p JOIN pg_proc f ON f.oid = p.refobjid
                  WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
                    AND p.refclassid = 'pg_proc'::regclass AND f.provolatile <> 'i')
      OR c.relnamespace = namespace::regnamespace
     AND pg_get_expr(d.adbin, d.adrelid) ~* '(now|random|clock_timestamp|nextval|gen_random_uuid|current_|local)';
  IF FOUND THEN
    RAISE EXCEPTION 'the default of column % of table % is not the same each time', bad.attname, bad.relname
      USING ERRCODE = 'PL005';
  END IF;

  IF of_category IS NOT NULL THEN
    SELECT c.relname INTO bad
      FROM pg_class c
     WHERE c.relnamespace = namespace::regnamespace AND c.relkind = 'r'
       AND NOT EXISTS (SELECT FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum = 1 AND a.attname = of_category || '_id'
                          AND a.atttypid = 'uuid'::regtype);
    IF FOUND THEN
      RAISE EXCEPTION 'the first column of table % must be %_id uuid, the scope of its rows', bad.relname,
        of_category USING ERRCODE = 'PL005';
    END IF;

    -- What is unique beyond one scope would have two planners meet.
    SELECT c.relname, i.indexrelid::regclass AS index INTO bad
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
     WHERE c.relnamespace = namespace::regnamespace AND i.indisunique AND i.indkey[0] <> 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the key % of table % must begin with %_id, the scope of its rows', bad.index, bad.relname,
        of_category USING ERRCODE = 'PL005';
    END IF;
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION projection.check_tables TO plannerd_project;
