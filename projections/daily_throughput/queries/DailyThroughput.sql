-- What became of tasks, a row for each day and pillar: how many were created, done, reopened and
-- removed, and how many were open (or in progress) when the day ended. Without a pillar it is the
-- inbox. A task counts in the pillar that it was in then; one that moves changes `open` on both
-- sides and nothing else. `open` adds up the days in the order of the calendar, and what they did in
-- that of the log: on its last day it is how many are open now, also where things were entered late.
-- Days are those of the timezone that the planner had when the event was written. What was undone
-- does not count.
--
-- Without fromDay and toDay there is a row for each day on which something changed. With either of
-- them each day has one: from fromDay, or the first day of all, to toDay inclusive, or today, and
-- 3,660 days at most. inbox: only the inbox, or (false) only pillars.
--
-- parameters: planner uuid, pillarId uuid?, inbox boolean?, fromDay date?, toDay date?
-- never null: day, created, done, reopened, removed, open
-- key: day, pillarId
-- pages by oldest: day, pillarId
-- pages by newest: day desc, pillarId
-- now
WITH zones AS (
  SELECT position, timezone,
    coalesce(lead(position) OVER (ORDER BY position), 9223372036854775807) AS next_position
  FROM timezones
  WHERE timezones.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = timezones.planner_id
        AND undone."commandId" = timezones."commandId"
        AND undone.undone)
),
counting AS (
  SELECT steps.*, (steps.at AT TIME ZONE coalesce(zones.timezone, 'UTC'))::date AS day
  FROM steps
  LEFT JOIN zones ON steps.position >= zones.position AND steps.position < zones.next_position
  WHERE steps.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = steps.planner_id
        AND undone."commandId" = steps."commandId"
        AND undone.undone)
),
-- Where a theme was, from one position of the log to the next.
places AS (
  SELECT theme_places."themeId", theme_places."pillarId", theme_places.position,
    (theme_places.at AT TIME ZONE coalesce(zones.timezone, 'UTC'))::date AS day,
    lag(theme_places."pillarId") OVER of_theme AS "lastPillarId",
    coalesce(lead(theme_places.position) OVER of_theme, 9223372036854775807) AS next_position
  FROM theme_places
  LEFT JOIN zones
    ON theme_places.position >= zones.position AND theme_places.position < zones.next_position
  WHERE theme_places.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = theme_places.planner_id
        AND undone."commandId" = theme_places."commandId"
        AND undone.undone)
  WINDOW of_theme AS (PARTITION BY theme_places."themeId" ORDER BY theme_places.position)
),
numbered AS (
  SELECT *,
    count(*) FILTER (WHERE step IN ('created', 'moved')) OVER of_task AS place_number,
    count(*) FILTER (WHERE step <> 'moved') OVER of_task AS step_number
  FROM counting
  WINDOW of_task AS (PARTITION BY "taskId" ORDER BY position)
),
-- Each task after each of its steps: the theme that it is in, and whether it is open.
states AS (
  SELECT "taskId", position, day, step,
    max("themeId"::text) OVER (PARTITION BY "taskId", place_number)::uuid AS "themeId",
    bool_or(step IN ('created', 'reopened')) OVER (PARTITION BY "taskId", step_number) AS is_open
  FROM numbered
),
-- What a step changes in a theme: the number that are open, and what it counts as.
moves AS (
  SELECT position, day, "themeId", step, is_open::integer AS opened
  FROM states
  UNION ALL
  SELECT position, day, lag("themeId") OVER of_task, NULL,
    -(lag(is_open) OVER of_task)::integer
  FROM states
  WINDOW of_task AS (PARTITION BY "taskId" ORDER BY position)
),
-- The same by pillar, and what a theme takes with it where it moves to another.
changes AS (
  SELECT moves.day, places."pillarId", moves.step, moves.opened
  FROM moves
  LEFT JOIN places
    ON places."themeId" = moves."themeId"
    AND moves.position >= places.position AND moves.position < places.next_position
  WHERE moves.opened IS NOT NULL
  UNION ALL
  SELECT moved.day, side."pillarId", NULL, side.sign * moved.opened
  FROM (
    SELECT places.day, places."pillarId", places."lastPillarId",
      (SELECT sum(moves.opened) FROM moves
        WHERE moves."themeId" = places."themeId" AND moves.position < places.position) AS opened
    FROM places
    WHERE places."lastPillarId" IS NOT NULL
  ) AS moved
  CROSS JOIN LATERAL (
    VALUES (moved."pillarId", 1), (moved."lastPillarId", -1)) AS side ("pillarId", sign)
  WHERE moved.opened <> 0
),
totals AS (
  SELECT day, "pillarId",
    count(*) FILTER (WHERE step = 'created') AS created,
    count(*) FILTER (WHERE step = 'done') AS done,
    count(*) FILTER (WHERE step = 'reopened') AS reopened,
    count(*) FILTER (WHERE step = 'removed') AS removed,
    sum(opened) AS opened
  FROM changes
  WHERE ($2 IS NULL OR "pillarId" = $2) AND ($3 IS NULL OR ("pillarId" IS NULL) = $3)
  GROUP BY day, "pillarId"
  -- A move within a pillar changes nothing.
  HAVING count(*) FILTER (WHERE step <> 'moved') > 0 OR sum(opened) <> 0
),
running AS (
  SELECT day, "pillarId", created, done, reopened, removed,
    sum(opened) OVER (PARTITION BY "pillarId" ORDER BY day) AS open,
    coalesce(lead(day) OVER (PARTITION BY "pillarId" ORDER BY day), 'infinity') AS next_day
  FROM totals
),
asked AS (
  SELECT
    coalesce($4, (SELECT min(day) FROM totals)) AS first_day,
    coalesce($5, ($6 AT TIME ZONE coalesce(
      (SELECT timezone FROM zones ORDER BY position DESC LIMIT 1), 'UTC'))::date) AS last_day
),
rows AS (
  SELECT running.day AS on_day, running.*
  FROM running
  WHERE $4 IS NULL AND $5 IS NULL
  UNION ALL
  SELECT asked.first_day + number, running.*
  FROM asked
  CROSS JOIN generate_series(0, least(asked.last_day - asked.first_day, 3659)) AS number
  JOIN running
    ON running.day <= asked.first_day + number AND running.next_day > asked.first_day + number
  WHERE $4 IS NOT NULL OR $5 IS NOT NULL
)
SELECT
  rows.on_day AS day,
  rows."pillarId",
  pillars.name AS "pillarName",
  CASE WHEN rows.day = rows.on_day THEN rows.created ELSE 0 END AS created,
  CASE WHEN rows.day = rows.on_day THEN rows.done ELSE 0 END AS done,
  CASE WHEN rows.day = rows.on_day THEN rows.reopened ELSE 0 END AS reopened,
  CASE WHEN rows.day = rows.on_day THEN rows.removed ELSE 0 END AS removed,
  rows.open::bigint AS open
FROM rows
LEFT JOIN pillars ON pillars.planner_id = $1 AND pillars."pillarId" = rows."pillarId"
