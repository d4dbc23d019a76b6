-- Fills a log through log.append, in batches of 1,000 events, with the planners of the table `people`, in the order of their
-- numbers: each has 5 pillars, some themes that are rated once, and open tasks.
--
-- Variables of psql: themes, tasks. Of each planner there are then 6 + 2 * themes + tasks events.
\set ON_ERROR_STOP on
SET synchronous_commit = off;

-- An id as clients make them: of version 7, ordered by time. Things of different planners may have the same.
CREATE FUNCTION pg_temp.id(kind text, number int) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(overlay(md5(kind || '/' || number::text)
      PLACING lpad(to_hex(1790000000000 + number * 60000::bigint), 12, '0') || '7' FROM 1 FOR 13)
      PLACING '8' FROM 17 FOR 1)::uuid
$$;

CREATE FUNCTION pg_temp.event(themes int, person uuid, version int) RETURNS TABLE (type text, data jsonb)
LANGUAGE sql IMMUTABLE AS $$
  SELECT
    CASE
      WHEN version = 1 THEN 'PlannerOpened'
      WHEN version <= 6 THEN 'PillarCreated'
      WHEN version <= 6 + themes THEN 'ThemeCreated'
      WHEN version <= 6 + 2 * themes THEN 'ThemeRated'
      ELSE 'TaskCreated'
    END,
    CASE
      WHEN version = 1 THEN jsonb_build_object('ownerId', person)
      WHEN version <= 6 THEN
        jsonb_build_object('pillarId', pg_temp.id('pillar', version - 2), 'after',
          jsonb_build_object('name', 'Pillar ' || version, 'color', '#3A6FD8', 'domain', 'personal'))
      WHEN version <= 6 + themes THEN
        jsonb_build_object('themeId', pg_temp.id('theme', version - 7), 'after',
          jsonb_build_object('pillarId', pg_temp.id('pillar', version % 5), 'name', 'Theme ' || version))
      WHEN version <= 6 + 2 * themes THEN
        jsonb_build_object('themeId', pg_temp.id('theme', version - 7 - themes),
          'before', jsonb_build_object('ratingPercent', NULL, 'previousRating', NULL),
          'after', jsonb_build_object('ratingPercent', version * 7 % 101, 'previousRating', NULL))
      ELSE
        jsonb_build_object('taskId', pg_temp.id('task', version), 'after',
          jsonb_build_object('title', 'Write to the landlord about the windows ' || version,
            'priority', 1 + version % 5, 'impact', 'M', 'effortMinutes', 30, 'status', 'open',
            'dueDate', date '2027-05-17' + version % 300, 'rank', 1024 * (version / themes + 1),
            'tags', jsonb_build_array('home', 'letters'), 'taskType', 'adhoc',
            'themeId', pg_temp.id('theme', version % themes)))
    END
$$;

CREATE PROCEDURE pg_temp.generate(themes int, tasks int) LANGUAGE plpgsql AS $$
DECLARE
  known_schema int := (SELECT max(number) FROM migrator.migrations);
  each         int := 6 + 2 * themes + tasks;
  total        int := each * (SELECT count(*) FROM people);
BEGIN
  FOR start IN 0..total - 1 BY 1000 LOOP
    PERFORM log.append(
        known_schema, now(), array_agg('planner'::text), array_agg(p.planner),
        array_agg(version::bigint), array_agg(type), array_agg(data),
        array_agg(gen_random_uuid()), array_agg(type), array_agg(sha256(int4send(version))),
        array_agg(500::bigint), array_agg(p.person), array_agg(p.uid),
        array_agg(4711), array_agg(timestamptz '2026-10-01Z' + version * interval '1 minute'),
        array_agg(NULL::uuid))
      FROM (SELECT p.*, ordinal % each + 1 AS version
              FROM generate_series(start, least(start + 999, total - 1)) AS ordinal
              JOIN people p ON p.number = ordinal / each
             ORDER BY ordinal) AS p
      CROSS JOIN LATERAL pg_temp.event(themes, p.person, version);
    COMMIT;
  END LOOP;
END
$$;

CALL pg_temp.generate(:themes, :tasks);
