INSERT INTO totals (day, category, type, events)
SELECT (recorded_at AT TIME ZONE 'UTC')::date AS day, category, type, count(*)
FROM batch
GROUP BY day, category, type
ON CONFLICT (day, category, type) DO UPDATE SET events = totals.events + excluded.events;
