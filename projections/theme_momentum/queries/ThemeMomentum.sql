-- Which themes are on the rise: ratings and finished tasks of each theme, smoothed exponentially, so
-- that what is h days older weighs 2^(-h/H) as much, H being the half-life in days.
--
-- smoothedRating is the weighted mean of the ratings, the last of each day, with H = 56; recentRating
-- the same with H = 14; ratingMomentum is recentRating - smoothedRating, above 0 where it gets better.
-- donePerDay is the tasks done per day, (1 - 2^(-1/H)) times the sum of the weighted completions, with
-- H = 56, recentDonePerDay with H = 14, doneMomentum their difference. A completion counts on its day
-- in the theme that the task was in, unless the task was reopened. Ages are whole days, of the
-- timezone that the planner had when the event was written; results have six digits. What was undone
-- does not count.
--
-- Single exponential smoothing: NIST/SEMATECH e-Handbook of Statistical Methods, 6.4.3.1; for values at
-- irregular times: D. J. Wright, Management Science 32 (1986), 499-510.
--
-- parameters: planner uuid, pillarId uuid?
-- never null: themeId, pillarId, name, ratings, doneTasks, donePerDay, recentDonePerDay, doneMomentum
-- key: themeId
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
today AS (
  SELECT ($3 AT TIME ZONE coalesce(
    (SELECT timezone FROM zones ORDER BY position DESC LIMIT 1), 'UTC'))::date AS day
),
rated AS (
  SELECT ratings."themeId", ratings.position, ratings.at, ratings."ratingPercent",
    (ratings.at AT TIME ZONE coalesce(zones.timezone, 'UTC'))::date AS day
  FROM ratings
  LEFT JOIN zones
    ON ratings.position >= zones.position AND ratings.position < zones.next_position
  WHERE ratings.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = ratings.planner_id
        AND undone."commandId" = ratings."commandId"
        AND undone.undone)
),
rating_days AS (
  SELECT DISTINCT ON ("themeId", day) "themeId", day, "ratingPercent",
    max(day) OVER (PARTITION BY "themeId") AS last_day
  FROM rated
  WHERE day <= (SELECT day FROM today)
  ORDER BY "themeId", day, at DESC, position DESC
),
-- From the last rating on, which weighs 1: a mean does not depend on when one asks.
rating_levels AS (
  SELECT "themeId",
    max("ratingPercent") FILTER (WHERE day = last_day) AS rating,
    count(*) AS days,
    round(sum("ratingPercent" * slow) / sum(slow), 6) AS smoothed,
    round(sum("ratingPercent" * fast) / sum(fast), 6) AS recent
  FROM (
    SELECT "themeId", day, last_day, "ratingPercent",
      power(2.0, (day - last_day) / 56.0) AS slow, power(2.0, (day - last_day) / 14.0) AS fast
    FROM rating_days
  ) AS weighted
  GROUP BY "themeId"
),
counting AS (
  SELECT steps."taskId", steps.position, steps.step, steps."themeId",
    (steps.at AT TIME ZONE coalesce(zones.timezone, 'UTC'))::date AS day,
    count(*) FILTER (WHERE step IN ('created', 'moved'))
      OVER (PARTITION BY steps."taskId" ORDER BY steps.position) AS place_number
  FROM steps
  LEFT JOIN zones ON steps.position >= zones.position AND steps.position < zones.next_position
  WHERE steps.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = steps.planner_id
        AND undone."commandId" = steps."commandId"
        AND undone.undone)
),
placed AS (
  SELECT "taskId", position, step, day,
    max("themeId"::text) OVER (PARTITION BY "taskId", place_number)::uuid AS "themeId"
  FROM counting
),
-- The last that was said of each task.
outcomes AS (
  SELECT DISTINCT ON ("taskId") "themeId", day, step
  FROM placed
  WHERE step IN ('done', 'reopened')
  ORDER BY "taskId", position DESC
),
done_levels AS (
  SELECT "themeId",
    sum(tasks) AS tasks,
    round((1 - power(2.0, -1 / 56.0)) * sum(tasks * power(2.0, -age / 56.0)), 6) AS per_day,
    round((1 - power(2.0, -1 / 14.0)) * sum(tasks * power(2.0, -age / 14.0)), 6) AS recent
  FROM (
    SELECT "themeId", today.day - outcomes.day AS age, count(*) AS tasks
    FROM outcomes CROSS JOIN today
    WHERE outcomes.step = 'done' AND outcomes.day <= today.day
    GROUP BY "themeId", age
  ) AS done_days
  GROUP BY "themeId"
)
SELECT
  themes."themeId",
  themes."pillarId",
  themes.name,
  coalesce(rating_levels.days, 0) AS ratings,
  rating_levels.rating AS "ratingPercent",
  rating_levels.smoothed AS "smoothedRating",
  rating_levels.recent AS "recentRating",
  rating_levels.recent - rating_levels.smoothed AS "ratingMomentum",
  coalesce(done_levels.tasks, 0)::bigint AS "doneTasks",
  coalesce(done_levels.per_day, 0) AS "donePerDay",
  coalesce(done_levels.recent, 0) AS "recentDonePerDay",
  coalesce(done_levels.recent - done_levels.per_day, 0) AS "doneMomentum"
FROM themes
LEFT JOIN rating_levels USING ("themeId")
LEFT JOIN done_levels USING ("themeId")
WHERE themes.planner_id = $1
  AND ($2 IS NULL OR themes."pillarId" = $2)
  AND themes."removedAt" IS NULL
ORDER BY themes."createdAt", themes."themeId"
