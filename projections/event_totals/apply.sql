INSERT INTO totals (day, category, type, events)
SELECT day, category, type, count(*)
FROM (
  -- Sorted first: else Postgres, which guesses thousands of groups, makes a hash table for as many at each single event.
  SELECT (recorded_at AT TIME ZONE 'UTC')::date AS day, category, type
  FROM batch
  ORDER BY day, category, type
  OFFSET 0
) AS events
GROUP BY day, category, type
ON CONFLICT (day, category, type) DO UPDATE SET events = totals.events + excluded.events;
