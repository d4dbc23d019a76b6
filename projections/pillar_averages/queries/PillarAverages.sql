-- The pillars of a planner, oldest first, with the mean of their themes' ratings. avgPercent is
-- rounded half up; themes without a rating do not count, and it is absent while no theme is rated.
--
-- parameters: planner uuid
-- never null: pillarId, name, color, domain, themes, ratedThemes, createdAt, updatedAt, version
-- key: pillarId
SELECT
  pillars."pillarId",
  pillars.name,
  pillars.color,
  pillars.domain,
  -- Half up, in whole numbers: floor(sum / count + 1/2).
  (2 * coalesce(sum(themes."ratingPercent"), 0) + count(themes."ratingPercent"))
    / nullif(2 * count(themes."ratingPercent"), 0) AS "avgPercent",
  count(themes."themeId") AS themes,
  count(themes."ratingPercent") AS "ratedThemes",
  pillars."createdAt",
  pillars."updatedAt",
  pillars.version
FROM pillars
LEFT JOIN themes
  ON themes.planner_id = pillars.planner_id
  AND themes."pillarId" = pillars."pillarId"
  AND themes."removedAt" IS NULL
WHERE pillars.planner_id = $1 AND pillars."removedAt" IS NULL
GROUP BY pillars.planner_id, pillars."pillarId"
ORDER BY pillars."createdAt", pillars."pillarId"
