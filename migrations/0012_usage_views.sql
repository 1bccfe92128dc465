-- The ledger as it is read: hours that are added up, and the minutes of those that are not yet.

CREATE VIEW usage_parts WITH (security_invoker = true) AS
    SELECT h.organisation_id, h.app_id, h.key, h.hour, h.counters
    FROM usage_hours h
    WHERE NOT EXISTS (
        SELECT FROM usage_stale_hours s WHERE s.app_id = h.app_id AND s.hour = h.hour)
    UNION ALL
    SELECT m.organisation_id, m.app_id, m.key, s.hour, m.counters
    FROM usage_stale_hours s
    JOIN usage_minutes m ON m.app_id = s.app_id
        AND m.minute >= extract(epoch FROM s.hour)::bigint / 60
        AND m.minute < extract(epoch FROM s.hour)::bigint / 60 + 60;

-- The most connections of an app within each minute, over all gateways. A gateway that was started
-- anew within the minute counts once, with the larger of its processes. `offset_m` is the minute
-- within the hour.
CREATE VIEW usage_minute_peaks WITH (security_invoker = true) AS
    SELECT h.organisation_id, h.app_id, h.hour, (p.n - 1)::integer AS offset_m, p.peak
    FROM usage_hours h
    CROSS JOIN LATERAL unnest(h.minute_peaks) WITH ORDINALITY AS p (peak, n)
    WHERE h.key = '' AND p.peak > 0 AND NOT EXISTS (
        SELECT FROM usage_stale_hours s WHERE s.app_id = h.app_id AND s.hour = h.hour)
    UNION ALL
    SELECT g.organisation_id, g.app_id, g.hour, g.offset_m, sum(g.peak)::bigint AS peak
    FROM (
        SELECT s.organisation_id, m.app_id, s.hour,
               (m.minute - extract(epoch FROM s.hour)::bigint / 60)::integer AS offset_m,
               m.gateway, max(m.counters[13]) AS peak
        FROM usage_stale_hours s
        JOIN usage_minutes m ON m.app_id = s.app_id AND m.key = ''
            AND m.minute >= extract(epoch FROM s.hour)::bigint / 60
            AND m.minute < extract(epoch FROM s.hour)::bigint / 60 + 60
        WHERE m.counters[13] > 0
        GROUP BY 1, 2, 3, 4, 5
    ) g
    GROUP BY 1, 2, 3, 4;

GRANT SELECT ON usage_parts, usage_minute_peaks TO signalbox_app, signalbox_service;
