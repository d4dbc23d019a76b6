-- given
SELECT 'PillarCreated' AS type,
  '{"pillarId": "01900001-0000-7000-8000-000000000001",
    "after": {"name": "Health", "color": "#3A6FD8", "domain": "personal"}}'::jsonb AS data,
  timestamptz '2026-11-01T08:00Z' AS occurred_at
UNION ALL
SELECT 'ThemeCreated',
  '{"themeId": "01900002-0000-7000-8000-000000000001",
    "after": {"pillarId": "01900001-0000-7000-8000-000000000001", "name": "Sleep"}}',
  '2026-11-01T08:00Z'
UNION ALL
SELECT 'ThemeRated',
  jsonb_build_object(
    'themeId', '01900002-0000-7000-8000-000000000001',
    'before', jsonb_build_object('ratingPercent', nullif(day - 1, 0)),
    'after', jsonb_build_object('ratingPercent', day, 'previousRating', nullif(day - 1, 0))),
  timestamptz '2026-11-01T20:00Z' + day * interval '1 day'
FROM generate_series(1, 20) AS day
-- expect RatingHistory {"sort": "newest", "limit": 20}
SELECT day AS "ratingPercent", nullif(day - 1, 0) AS "previousRating", day + 2 AS position
FROM generate_series(20, 1, -1) AS day
-- expect ThemeRatings
SELECT 'Sleep' AS name, 20 AS "ratingPercent", timestamptz '2026-11-21T20:00Z' AS "ratedAt"
