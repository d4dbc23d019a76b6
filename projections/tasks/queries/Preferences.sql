-- The planner's preferences: one row, the defaults where nothing was ever changed. urgency,
-- priority, impact and effort are the weights of Best, in percent. updatedAt and version are absent
-- while nothing was changed.
--
-- parameters: planner uuid
-- never null: plannerId, urgency, priority, impact, effort, timezone, workStart, workEnd, weekStart, habitLearning
-- key: plannerId
SELECT
  planner_id AS "plannerId",
  coalesce(urgency, 40) AS urgency,
  coalesce(priority, 35) AS priority,
  coalesce(impact, 15) AS impact,
  coalesce(effort, 10) AS effort,
  coalesce(timezone, 'UTC') AS timezone,
  coalesce("workStart", '09:00') AS "workStart",
  coalesce("workEnd", '17:00') AS "workEnd",
  coalesce("weekStart", 'monday') AS "weekStart",
  coalesce("habitLearning", true) AS "habitLearning",
  extra::jsonb AS extra,
  "updatedAt",
  version
FROM (SELECT $1 AS planner_id) AS planner
LEFT JOIN preferences USING (planner_id)
