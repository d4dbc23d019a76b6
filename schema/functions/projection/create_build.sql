-- Makes a build: a schema with the folder's tables, and apply() with the folder's apply.sql as its body; and tries
-- apply() on no events, so that what is wrong in it is said now. Run as the projector's role, which owns what it makes.
-- What the engine refuses is raised with SQLSTATE PL005. It belongs to a job, which makes it again or goes on with it
-- where a daemon ends.
--
-- Where the log is long, indexes that keep nothing unique are left to finish_build: made once, they cost a fraction.
CREATE OR REPLACE FUNCTION projection.create_build(
  name text, generation_hash text, of_category text, of_series text[], files jsonb, as_state text, of_job bigint
) RETURNS projection.builds
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  build     projection.builds;
  namespace text;
  batch     text := CASE WHEN of_category IS NULL THEN 'batch_all' ELSE 'batch_category' END;
BEGIN
  INSERT INTO projection.builds (projection, generation, schema_name, category, series, source, state)
  VALUES (name, generation_hash, name || '_' || pg_catalog.gen_random_uuid(), of_category, of_series, files, as_state)
  RETURNING * INTO build;
  namespace := pg_catalog.format('%s_%s_%s', name, left(generation_hash, 8), build.build_id);
  UPDATE projection.builds b SET schema_name = namespace WHERE b.build_id = build.build_id
  RETURNING * INTO build;
  UPDATE projection.jobs j SET build_id = build.build_id WHERE j.job_id = of_job;

  EXECUTE pg_catalog.format('CREATE SCHEMA %I', namespace);
  PERFORM pg_catalog.set_config('search_path', pg_catalog.format('%I', namespace), true);
  EXECUTE files ->> 'table.sql';
  PERFORM projection.check_tables(namespace, of_category);
  PERFORM projection.guard_series(namespace, of_series);

  PERFORM pg_catalog.set_config('search_path', pg_catalog.format('%I, %I', namespace, batch), true);
  -- The body starts on the line of the file's first, so that errors name the file's lines.
  EXECUTE pg_catalog.format(
    'CREATE FUNCTION %I.apply() RETURNS void LANGUAGE plpgsql AS %L',
    namespace, 'BEGIN ' || (files ->> 'apply.sql') || E'\nEND');
  PERFORM pg_catalog.set_config('plannerd.after', '0', true),
          pg_catalog.set_config('plannerd.upto', '0', true),
          pg_catalog.set_config('plannerd.category', coalesce(of_category, ''), true);
  EXECUTE pg_catalog.format('SELECT %I.apply()', namespace);

  PERFORM projection.open_to_queries(namespace, of_category);
  PERFORM projection.open_to_moments(build.build_id, namespace, of_category);
  IF (SELECT max(e.position) FROM log.events e) > 100000 THEN
    PERFORM projection.defer_indexes(build.build_id, namespace);
  END IF;
  RETURN build;
END
$$;
GRANT EXECUTE ON FUNCTION projection.create_build TO plannerd_project;
