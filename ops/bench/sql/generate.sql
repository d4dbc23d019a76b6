-- Fills an empty log through log.append, in batches of 1,000 events to one planner at a time: planners with
-- 5 pillars and 25 themes each, then tasks that are created, changed, moved, started, completed, snoozed and woken,
-- and ratings. Of ten events two make a task and two rate a theme.
--
-- The functions are written so that Postgres inlines them: what is to be filled fast is the log.
--
-- Variables of psql: events (in all), planners, and, if they are to be some, of the first of these planner and person.
\set ON_ERROR_STOP on
SET synchronous_commit = off;

-- An id as clients make them: of version 7, ordered by time.
CREATE FUNCTION pg_temp.id(kind text, planner int, number int) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(overlay(md5(kind || '/' || planner::text || '/' || number::text)
      PLACING lpad(to_hex(1790000000000 + number * 60000::bigint), 12, '0') || '7' FROM 1 FOR 13)
      PLACING '8' FROM 17 FOR 1)::uuid
$$;

CREATE FUNCTION pg_temp.moment(of_year text, version int) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char((of_year || '-10-01')::timestamp + version * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

-- The event that brings a planner to a version. From version 32 on they come in rounds of ten, which are about two tasks
-- and a theme.
CREATE FUNCTION pg_temp.event(planner int, version int) RETURNS TABLE (type text, data jsonb)
LANGUAGE sql STABLE AS $$
  SELECT
    CASE
      WHEN version = 1 THEN 'PlannerOpened'
      WHEN version <= 6 THEN 'PillarCreated'
      WHEN version <= 31 THEN 'ThemeCreated'
      ELSE (ARRAY['TaskCreated', 'ThemeRated', 'TaskChanged', 'TaskStarted', 'TaskCompleted', 'TaskCreated',
                  'TaskMoved', 'TaskSnoozed', 'TaskWoken', 'ThemeRated'])[r.step + 1]
    END,
    CASE
      WHEN version = 1 THEN jsonb_build_object('ownerId', pg_temp.id('person', planner, 0))
      WHEN version <= 6 THEN
        jsonb_build_object('pillarId', pg_temp.id('pillar', planner, version - 2), 'after',
          jsonb_build_object('name', 'Pillar ' || version, 'color', '#3A6FD8', 'domain', 'personal'))
      WHEN version <= 31 THEN
        jsonb_build_object('themeId', pg_temp.id('theme', planner, version - 7), 'after',
          jsonb_build_object('pillarId', pg_temp.id('pillar', planner, version % 5), 'name', 'Theme ' || version))
      WHEN r.step = 0 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number), 'after',
          jsonb_build_object('title', 'Write to the landlord about the windows ' || version,
            'priority', 1 + r.number % 5, 'impact', 'M', 'effortMinutes', 30, 'status', 'open',
            'dueDate', '2027-05-17', 'rank', 1024 * (r.number + 1), 'tags', jsonb_build_array('home', 'letters'),
            'taskType', 'adhoc', 'themeId', pg_temp.id('theme', planner, r.number % 25)))
      WHEN r.step = 5 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number + 1), 'after',
          jsonb_build_object('title', 'Ask about the bicycle cellar ' || version, 'priority', 3,
            'status', 'open', 'rank', 1024 * (r.number + 1), 'taskType', 'adhoc'))
      WHEN r.step IN (1, 9) THEN
        jsonb_build_object('themeId', pg_temp.id('theme', planner, r.number % 25),
          'before', jsonb_build_object('ratingPercent', r.number % 100, 'previousRating', NULL),
          'after', jsonb_build_object('ratingPercent', version % 101, 'previousRating', r.number % 100))
      WHEN r.step = 2 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number),
          'before', jsonb_build_object('title', 'Write to the landlord about the windows ' || version - 2),
          'after', jsonb_build_object('title', 'Call the landlord ' || version))
      WHEN r.step = 3 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number),
          'before', jsonb_build_object('status', 'open', 'completedAt', NULL),
          'after', jsonb_build_object('status', 'inProgress', 'completedAt', NULL))
      WHEN r.step = 4 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number),
          'before', jsonb_build_object('status', 'inProgress', 'completedAt', NULL),
          'after', jsonb_build_object('status', 'done', 'completedAt', pg_temp.moment('2026', version)))
      WHEN r.step = 6 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number + 1),
          'before', jsonb_build_object('themeId', NULL, 'rank', 1024 * (r.number + 1)),
          'after', jsonb_build_object('themeId', pg_temp.id('theme', planner, r.number % 25),
            'rank', 1024 * (r.number + 2)))
      WHEN r.step = 7 THEN
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number + 1),
          'before', jsonb_build_object('snoozedUntil', NULL),
          'after', jsonb_build_object('snoozedUntil', pg_temp.moment('2027', version)))
      ELSE
        jsonb_build_object('taskId', pg_temp.id('task', planner, 2 * r.number + 1),
          'before', jsonb_build_object('snoozedUntil', pg_temp.moment('2027', version - 1)),
          'after', jsonb_build_object('snoozedUntil', NULL))
    END
  FROM (SELECT (version - 32) / 10 AS number, (version - 32) % 10 AS step) AS r
$$;

CREATE PROCEDURE pg_temp.generate(events int, planners int, planner uuid, person uuid) LANGUAGE plpgsql AS $$
DECLARE
  known_schema int := (SELECT max(number) FROM migrator.migrations);
  owner        int;
  first        int;
  stream       uuid;
  who          uuid;
BEGIN
  FOR batch IN 0..events / 1000 - 1 LOOP
    owner := batch % planners;
    first := batch / planners * 1000 + 1;
    stream := CASE owner WHEN 0 THEN planner ELSE pg_temp.id('planner', owner, 0) END;
    who := CASE owner WHEN 0 THEN person ELSE pg_temp.id('person', owner, 0) END;
    PERFORM log.append(
        known_schema, now(), array_agg('planner'::text), array_agg(stream),
        array_agg(version::bigint), array_agg(type), array_agg(data),
        array_agg(pg_temp.id('command', owner, version)), array_agg(type), array_agg(sha256(int4send(version))),
        array_agg(500::bigint), array_agg(who), array_agg(20000::bigint + owner),
        array_agg(4711), array_agg(timestamptz '2026-10-01Z' + version * interval '1 minute'),
        array_agg(NULL::uuid))
      FROM generate_series(first, first + 999) AS version CROSS JOIN LATERAL pg_temp.event(owner, version);
    COMMIT;
  END LOOP;
END
$$;

\if :{?planner}
\else
SELECT pg_temp.id('planner', 0, 0) AS planner, pg_temp.id('person', 0, 0) AS person \gset
\endif
CALL pg_temp.generate(:events, :planners, :'planner', :'person');
