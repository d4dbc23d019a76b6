-- What to do next: the actionable tasks (open or in progress, not snoozed now), best first. score
-- is the sum of each weight (of the planner's preferences, in percent) times its term. Terms are 0
-- to 1, rounded to six digits, and score is the exact sum of the rounded terms: urgency is 1 at a
-- week overdue or more, falls in a straight line to 0.2 at two weeks ahead, stays there beyond, and
-- is 0 without a due date; priorityTerm is (priority - 1) / 4; impactTerm H 1, M or unknown 0.6, L
-- 0.3; effortTerm is (480 - m) / 465 for m minutes, 15 at least: effortMinutes, else the time
-- estimate as 15, 30, 60 or 120, and 0.5 where neither is known.
--
-- parameters: planner uuid
-- never null: taskId, title, priority, status, score, urgency, priorityTerm, impactTerm, effortTerm, urgencyWeight, priorityWeight, impactWeight, effortWeight
-- key: taskId
-- pages by best: score desc, taskId
-- now
SELECT
  terms."taskId",
  terms.title,
  terms."themeId",
  -- Looked up of the rows that are shown, not joined to all that are weighed.
  (SELECT name FROM themes
    WHERE themes.planner_id = terms.planner_id AND themes."themeId" = terms."themeId")
    AS "themeName",
  (SELECT "pillarId" FROM themes
    WHERE themes.planner_id = terms.planner_id AND themes."themeId" = terms."themeId")
    AS "pillarId",
  (SELECT pillars.name FROM themes JOIN pillars USING (planner_id, "pillarId")
    WHERE themes.planner_id = terms.planner_id AND themes."themeId" = terms."themeId")
    AS "pillarName",
  terms."dueDate",
  terms."dueAt",
  terms.priority,
  terms.impact,
  terms.status,
  ("urgencyWeight" * urgency + "priorityWeight" * "priorityTerm" + "impactWeight" * "impactTerm"
    + "effortWeight" * "effortTerm") / 1e8::float8 AS score,
  urgency / 1e6::float8 AS urgency,
  "priorityTerm" / 1e6::float8 AS "priorityTerm",
  "impactTerm" / 1e6::float8 AS "impactTerm",
  "effortTerm" / 1e6::float8 AS "effortTerm",
  "urgencyWeight",
  "priorityWeight",
  "impactWeight",
  "effortWeight"
FROM (
  -- Terms are counted in millionths: whole numbers take a third of the time of fractions. Each is rounded half up, by
  -- adding half of the divisor.
  -- They become fractions by one division of whole numbers, whose shortest decimal form is the exact one: of type numeric
  -- that would take more time than all the rest.
  SELECT
    actionable.*,
    -- 604,800,000,000 microseconds are a week. 1 - 0.8 * (until + week) / (3 * week) in millionths.
    CASE WHEN due IS NULL THEN 0
      ELSE greatest(200000, least(1000000,
        (2 * (1663200000000 - (1000000 * (date_part('epoch', due) - date_part('epoch', $2)))::bigint)
          + 2268000) / 4536000))
    END AS urgency,
    (priority - 1) * 250000::bigint AS "priorityTerm",
    CASE impact WHEN 'H' THEN 1000000 WHEN 'L' THEN 300000 ELSE 600000 END AS "impactTerm",
    CASE
      WHEN minutes IS NULL THEN 500000
      WHEN minutes <= 480 THEN (2000000::bigint * (480 - greatest(15, minutes)) + 465) / 930
      ELSE (2000000::bigint * (480 - minutes) - 465) / 930
    END AS "effortTerm"
  FROM (
    SELECT
      tasks.*,
      coalesce(
        tasks."dueAt",
        (tasks."dueDate" + 1)::timestamp AT TIME ZONE coalesce(preferences.timezone, 'UTC')
      ) AS due,
      coalesce(
        tasks."effortMinutes",
        CASE tasks."timeEstimate" WHEN '15m' THEN 15 WHEN '30m' THEN 30 WHEN '1h' THEN 60
          WHEN '2h+' THEN 120 END
      ) AS minutes,
      coalesce(preferences.urgency, 40)::bigint AS "urgencyWeight",
      coalesce(preferences.priority, 35)::bigint AS "priorityWeight",
      coalesce(preferences.impact, 15)::bigint AS "impactWeight",
      coalesce(preferences.effort, 10)::bigint AS "effortWeight"
    FROM tasks
    LEFT JOIN preferences USING (planner_id)
    WHERE tasks.planner_id = $1
      AND tasks."removedAt" IS NULL
      AND tasks.status <> 'done'
      AND (tasks."snoozedUntil" IS NULL OR tasks."snoozedUntil" <= $2)
    OFFSET 0
  ) AS actionable
  -- Keeps Postgres from writing each term out wherever it is used, and computing it as often.
  OFFSET 0
) AS terms
