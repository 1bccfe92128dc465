-- Live events that are kept for a while: part of what happens in an app, and how much more there was.

-- A version of a plan never changes. How far one can look back is new, so no version has said
-- anything about it before.
ALTER TABLE plan_versions
    ADD COLUMN live_hours integer NOT NULL DEFAULT 24 CHECK (live_hours BETWEEN 0 AND 24);
ALTER TABLE plan_versions DISABLE TRIGGER plan_versions_stay;
UPDATE plan_versions SET live_hours = 1 WHERE plan = 'free';
ALTER TABLE plan_versions ENABLE TRIGGER plan_versions_stay;

CREATE OR REPLACE VIEW effective_plans WITH (security_invoker = true) AS
    SELECT s.organisation_id, s.standing, s.period_start, s.period_end, v.*
    FROM subscriptions s
    CROSS JOIN LATERAL (
        SELECT p.* FROM plan_versions p
        WHERE CASE WHEN s.standing = 'reduced' THEN p.plan = 'free' AND p.valid_from <= now()
              ELSE p.plan = s.plan AND p.version = s.version END
        ORDER BY p.version DESC LIMIT 1
    ) v;

-- Gateways learn from a snapshot what the plans of all their apps say now: the feed no longer
-- reaches back to where they are.
UPDATE feed_head SET revision = revision + 1 WHERE revision > 0;
DELETE FROM changes;

CREATE TABLE live_events (
    app_id          text NOT NULL,
    at              timestamptz NOT NULL,
    -- In the order in which they were told.
    id              uuid NOT NULL,
    organisation_id uuid NOT NULL,
    kind            text NOT NULL,
    dialect         text,
    channel         text,
    event           text,
    socket_id       text,
    user_id         text,
    -- The beginning of a payload, where it may be kept, and how long the whole was.
    data            text,
    data_bytes      bigint,
    -- Of refusals.
    source          text,
    code            text,
    message         text,
    request_id      text,
    -- Of kind `dropped`: how many more there were.
    count           bigint,
    ends_at         timestamptz NOT NULL,
    PRIMARY KEY (app_id, at, id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX live_events_end ON live_events (ends_at);

-- How many of an app's events of one hour are kept; more are only counted.
CREATE TABLE live_event_hours (
    app_id text NOT NULL,
    hour   timestamptz NOT NULL,
    kept   integer NOT NULL DEFAULT 0,
    passed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (app_id, hour)
) WITH (fillfactor = 70);

-- What each process of a gateway has told: up to there everything is here.
CREATE TABLE live_reporters (
    gateway  text NOT NULL,
    boot     text NOT NULL,
    seq      bigint NOT NULL DEFAULT 0,
    heard_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway, boot)
) WITH (fillfactor = 70);

CREATE POLICY tenant ON live_events TO signalbox_app
    USING (organisation_id = (SELECT scope_id('signalbox.organisation')))
    WITH CHECK (organisation_id = (SELECT scope_id('signalbox.organisation')));

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY['live_events', 'live_event_hours', 'live_reporters'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', fenced);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', fenced);
        EXECUTE format(
            'CREATE POLICY every ON %I TO signalbox_service
             USING (current_user = ''signalbox_service'')
             WITH CHECK (current_user = ''signalbox_service'')', fenced);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO signalbox_service', fenced);
    END LOOP;
END $$;
GRANT SELECT ON live_events TO signalbox_app;
