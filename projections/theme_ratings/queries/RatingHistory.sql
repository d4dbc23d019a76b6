-- Every rating of one theme, or of all, as a series over the time it speaks of (`at`), with the
-- reflection given with it. position is the event's in the log. previousRating is what the log knew
-- before it, so that a rating entered late stands between others whose previousRating is not its
-- own. Ratings that were undone are left out, and back once redone.
--
-- parameters: planner uuid, themeId uuid?
-- never null: themeId, at, position
-- key: position
-- pages by oldest: at, position
-- pages by newest: at desc, position desc
SELECT
  ratings."themeId",
  ratings.at,
  ratings."ratingPercent",
  ratings."previousRating",
  ratings.note,
  ratings.position
FROM ratings
JOIN themes USING (planner_id, "themeId")
WHERE ratings.planner_id = $1
  AND ($2 IS NULL OR ratings."themeId" = $2)
  AND themes."removedAt" IS NULL
  AND NOT EXISTS (
    SELECT FROM undone
    WHERE undone.planner_id = ratings.planner_id
      AND undone."commandId" = ratings."commandId"
      AND undone.undone)
