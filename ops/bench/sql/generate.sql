-- Fills an empty log through log.append, in batches of 1,000 events to one planner at a time: planners with
-- 5 pillars and 25 themes each, then tasks that are created, changed, moved, started, completed, snoozed and woken,
-- and ratings. Of ten events two make a task and two rate a theme.
--
-- Variables of psql: events (in all), planners.
\set ON_ERROR_STOP on
SET synchronous_commit = off;

-- An id as clients make them: of version 7, ordered by time.
CREATE FUNCTION pg_temp.id(kind text, planner int, number int) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1790000000000 + number * 60000::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8'
          || substr(hash, 4, 15))::uuid
    FROM md5(concat_ws('/', kind, planner, number)) AS hash
$$;

-- The event of a planner that brings it to a version.
CREATE FUNCTION pg_temp.event(planner int, version int, OUT type text, OUT data jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  round   int := (version - 32) / 10;
  theme   uuid := pg_temp.id('theme', planner, round % 25);
  first   uuid := pg_temp.id('task', planner, 2 * round);
  second  uuid := pg_temp.id('task', planner, 2 * round + 1);
  moment  text := to_char(timestamp '2026-10-01' + version * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
  later   text := to_char(timestamp '2027-10-01' + version * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
BEGIN
  IF version = 1 THEN
    type := 'PlannerOpened';
    data := jsonb_build_object('ownerId', pg_temp.id('person', planner, 0));
  ELSIF version <= 6 THEN
    type := 'PillarCreated';
    data := jsonb_build_object('pillarId', pg_temp.id('pillar', planner, version - 2), 'after',
      jsonb_build_object('name', 'Pillar ' || version, 'color', '#3A6FD8', 'domain', 'personal'));
  ELSIF version <= 31 THEN
    type := 'ThemeCreated';
    data := jsonb_build_object('themeId', pg_temp.id('theme', planner, version - 7), 'after',
      jsonb_build_object('pillarId', pg_temp.id('pillar', planner, version % 5), 'name', 'Theme ' || version));
  ELSE
    CASE (version - 32) % 10
    WHEN 0, 5 THEN
      type := 'TaskCreated';
      data := jsonb_build_object(
        'taskId', CASE (version - 32) % 10 WHEN 0 THEN first ELSE second END, 'after',
        jsonb_build_object('title', 'Write to the landlord about the windows ' || version,
          'priority', 1 + round % 5, 'impact', 'M', 'effortMinutes', 30, 'status', 'open',
          'dueDate', '2027-05-17', 'rank', 1024 * (round + 1), 'tags', jsonb_build_array('home', 'letters'),
          'taskType', 'adhoc')
        || CASE (version - 32) % 10 WHEN 0 THEN jsonb_build_object('themeId', theme) ELSE '{}' END);
    WHEN 1, 9 THEN
      type := 'ThemeRated';
      data := jsonb_build_object('themeId', theme,
        'before', jsonb_build_object('ratingPercent', round % 100, 'previousRating', null),
        'after', jsonb_build_object('ratingPercent', version % 101, 'previousRating', round % 100));
    WHEN 2 THEN
      type := 'TaskChanged';
      data := jsonb_build_object('taskId', first,
        'before', jsonb_build_object('title', 'Write to the landlord about the windows ' || version - 2),
        'after', jsonb_build_object('title', 'Call the landlord ' || version));
    WHEN 3 THEN
      type := 'TaskStarted';
      data := jsonb_build_object('taskId', first,
        'before', jsonb_build_object('status', 'open', 'completedAt', null),
        'after', jsonb_build_object('status', 'inProgress', 'completedAt', null));
    WHEN 4 THEN
      type := 'TaskCompleted';
      data := jsonb_build_object('taskId', first,
        'before', jsonb_build_object('status', 'inProgress', 'completedAt', null),
        'after', jsonb_build_object('status', 'done', 'completedAt', moment));
    WHEN 6 THEN
      type := 'TaskMoved';
      data := jsonb_build_object('taskId', second,
        'before', jsonb_build_object('themeId', null, 'rank', 1024 * (round + 1)),
        'after', jsonb_build_object('themeId', theme, 'rank', 1024 * (round + 2)));
    WHEN 7 THEN
      type := 'TaskSnoozed';
      data := jsonb_build_object('taskId', second, 'before', jsonb_build_object('snoozedUntil', null),
        'after', jsonb_build_object('snoozedUntil', later));
    WHEN 8 THEN
      type := 'TaskWoken';
      data := jsonb_build_object('taskId', second, 'before', jsonb_build_object('snoozedUntil', later),
        'after', jsonb_build_object('snoozedUntil', null));
    END CASE;
  END IF;
END
$$;

CREATE PROCEDURE pg_temp.append(known_schema int, planner int, first int, last int)
LANGUAGE sql AS $$
  SELECT log.append(known_schema, now(), array_agg('planner'::text), array_agg(pg_temp.id('planner', planner, 0)),
      array_agg(version::bigint), array_agg(type), array_agg(data),
      array_agg(pg_temp.id('command', planner, version)), array_agg(type),
      array_agg(sha256(int4send(version))), array_agg(500::bigint),
      array_agg(pg_temp.id('person', planner, 0)), array_agg(20000::bigint + planner), array_agg(4711),
      array_agg(timestamptz '2026-10-01Z' + version * interval '1 minute'), array_agg(NULL::uuid))
    FROM generate_series(first, last) AS version CROSS JOIN LATERAL pg_temp.event(planner, version)
$$;

CREATE PROCEDURE pg_temp.generate(events int, planners int) LANGUAGE plpgsql AS $$
DECLARE
  known_schema int := (SELECT max(number) FROM migrator.migrations);
BEGIN
  FOR batch IN 0..events / 1000 - 1 LOOP
    CALL pg_temp.append(known_schema, batch % planners, batch / planners * 1000 + 1,
                        (batch / planners + 1) * 1000);
    COMMIT;
  END LOOP;
END
$$;

CALL pg_temp.generate(:events, :planners);
