-- The themes of a planner, or of one pillar, by pillar and then by age: the rating, the one before
-- it, the last reflection and when the theme was last rated, which is the time of the newest rating
-- of the log that was not undone. All of these are absent until it is rated.
--
-- parameters: planner uuid, pillarId uuid?
-- never null: themeId, pillarId, pillarName, name, createdAt, updatedAt, version
-- key: themeId
SELECT
  themes."themeId",
  themes."pillarId",
  pillars.name AS "pillarName",
  themes.name,
  themes."ratingPercent",
  themes."previousRating",
  themes."lastReflectionNote",
  (
    SELECT ratings.at
    FROM ratings
    WHERE ratings.planner_id = themes.planner_id
      AND ratings."themeId" = themes."themeId"
      AND NOT EXISTS (
        SELECT FROM undone
        WHERE undone.planner_id = ratings.planner_id
          AND undone."commandId" = ratings."commandId"
          AND undone.undone)
    ORDER BY ratings.position DESC
    LIMIT 1
  ) AS "ratedAt",
  themes."createdAt",
  themes."updatedAt",
  themes.version
FROM themes
JOIN pillars USING (planner_id, "pillarId")
WHERE themes.planner_id = $1
  AND ($2 IS NULL OR themes."pillarId" = $2)
  AND themes."removedAt" IS NULL
ORDER BY pillars."createdAt", themes."pillarId", themes."createdAt", themes."themeId"
