-- How the average of each pillar went, a row a day: the mean of its themes' ratings as it stood at
-- the end of that day, rounded half up; absent where none is rated any more. A rating counts on the
-- day that it speaks of, also one that was entered late, and for a day before its theme was entered
-- it counts in the pillar where the theme first was. Days are those of the timezone that the planner
-- had when the event was written. What was undone does not count, and removed pillars are left out.
--
-- Without fromDay and toDay there is a row for each day on which something changed. With either of
-- them each day has one, as the day before where nothing changed: from fromDay, or the first day
-- with a rating, to toDay inclusive, or today, and 3,660 days at most.
--
-- parameters: planner uuid, pillarId uuid?, fromDay date?, toDay date?
-- never null: pillarId, pillarName, day, ratedThemes
-- key: pillarId, day
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
  SELECT changes.*, (changes.at AT TIME ZONE coalesce(zones.timezone, 'UTC'))::date AS day
  FROM changes
  LEFT JOIN zones
    ON changes.position >= zones.position AND changes.position < zones.next_position
  WHERE changes.planner_id = $1
    AND NOT EXISTS (
      SELECT FROM undone
      WHERE undone.planner_id = changes.planner_id
        AND undone."commandId" = changes."commandId"
        AND undone.undone)
),
-- What an event leaves as it was, it shares with the last one that set it.
numbered AS (
  SELECT "themeId", day, at, position, "pillarId", "ratingPercent", removed,
    greatest(count("pillarId") OVER so_far, 1) AS pillar_number,
    count("ratingPercent") OVER so_far AS rating_number
  FROM counting
  WINDOW so_far AS (PARTITION BY "themeId" ORDER BY day, at, position)
),
placed AS (
  SELECT "themeId", day, at, position, rating_number, "ratingPercent", removed,
    max("pillarId"::text) OVER (PARTITION BY "themeId", pillar_number)::uuid AS "pillarId"
  FROM numbered
),
-- A theme at the end of each day on which it changed.
themes AS (
  SELECT DISTINCT ON ("themeId", day) "themeId", day, "pillarId",
    CASE WHEN NOT bool_or(removed) OVER (PARTITION BY "themeId" ORDER BY day, at, position)
      THEN max("ratingPercent") OVER (PARTITION BY "themeId", rating_number)
    END AS rating
  FROM placed
  ORDER BY "themeId", day, at DESC, position DESC
),
spans AS (
  SELECT "themeId", "pillarId", rating, day,
    coalesce(lead(day) OVER (PARTITION BY "themeId" ORDER BY day), 'infinity') AS next_day
  FROM themes
),
shown AS (
  SELECT pillars."pillarId", pillars.name, min(spans.day) AS first_day
  FROM pillars
  JOIN spans ON spans."pillarId" = pillars."pillarId" AND spans.rating IS NOT NULL
  WHERE pillars.planner_id = $1
    AND pillars."removedAt" IS NULL
    AND ($2 IS NULL OR pillars."pillarId" = $2)
  GROUP BY pillars."pillarId", pillars.name
),
asked AS (
  SELECT
    coalesce($3, (SELECT min(first_day) FROM shown)) AS first_day,
    coalesce($4, ($5 AT TIME ZONE coalesce(
      (SELECT timezone FROM zones ORDER BY position DESC LIMIT 1), 'UTC'))::date) AS last_day
),
days AS (
  SELECT shown."pillarId", shown.name, asked.first_day + number AS day
  FROM asked
  CROSS JOIN generate_series(0, least(asked.last_day - asked.first_day, 3659)) AS number
  JOIN shown ON shown.first_day <= asked.first_day + number
  WHERE $3 IS NOT NULL OR $4 IS NOT NULL
  UNION
  SELECT shown."pillarId", shown.name, bounds.day
  FROM shown
  JOIN spans USING ("pillarId")
  CROSS JOIN LATERAL (VALUES (spans.day), (spans.next_day)) AS bounds (day)
  WHERE $3 IS NULL AND $4 IS NULL AND bounds.day >= shown.first_day AND isfinite(bounds.day)
)
SELECT
  days."pillarId",
  days.name AS "pillarName",
  days.day,
  -- Half up, in whole numbers: floor(sum / count + 1/2).
  (2 * coalesce(sum(spans.rating), 0) + count(spans.rating)) / nullif(2 * count(spans.rating), 0)
    AS "avgPercent",
  count(spans.rating) AS "ratedThemes"
FROM days
LEFT JOIN spans
  ON spans."pillarId" = days."pillarId" AND days.day >= spans.day AND days.day < spans.next_day
GROUP BY days."pillarId", days.name, days.day
