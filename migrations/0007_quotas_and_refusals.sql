-- What is left of each quota, what gateways hold of it, which hours of the ledger are to be added
-- up, refusals that can be looked up, and limits of apps that stand below the plan's.

-- A version of a plan is what somebody may have agreed to. It is never edited, and never goes.
CREATE FUNCTION keep_plan_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'is_public' = to_jsonb(OLD) - 'is_public' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version of a plan never changes: add one with add_plan_version()';
END $$;
CREATE TRIGGER plan_versions_stay BEFORE UPDATE OR DELETE ON plan_versions
    FOR EACH ROW EXECUTE FUNCTION keep_plan_version();

-- The operator's way to another price or limit: the newest version, with these columns changed.
CREATE FUNCTION add_plan_version(wanted text, changes jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    newest plan_versions;
    strange text;
BEGIN
    SELECT * INTO newest FROM plan_versions WHERE plan = wanted ORDER BY version DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no plan %', wanted;
    END IF;
    SELECT key INTO strange FROM jsonb_object_keys(changes) AS keys (key)
        WHERE key IN ('plan', 'version') OR NOT to_jsonb(newest) ? key LIMIT 1;
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'a plan has no % to change', strange;
    END IF;
    newest := jsonb_populate_record(newest,
        jsonb_build_object('valid_from', now()) || changes
        || jsonb_build_object('version', newest.version + 1));
    INSERT INTO plan_versions SELECT (newest).*;
    RETURN newest.version;
END $$;

-- What an organisation may have now: its plan's version, or the free plan's while it is not paid.
CREATE VIEW effective_plans WITH (security_invoker = true) AS
    SELECT s.organisation_id, s.standing, s.period_start, s.period_end, v.*
    FROM subscriptions s
    CROSS JOIN LATERAL (
        SELECT p.* FROM plan_versions p
        WHERE CASE WHEN s.standing = 'reduced' THEN p.plan = 'free' AND p.valid_from <= now()
              ELSE p.plan = s.plan AND p.version = s.version END
        ORDER BY p.version DESC LIMIT 1
    ) v;

-- Micro-dollars of overage that one period may come to; none: no end.
ALTER TABLE subscriptions
    ADD COLUMN spend_limit_micros bigint CHECK (spend_limit_micros >= 0);

-- From now on an app's row holds only the limits that its owner set below the plan's. What stood
-- there unchanged from before there were plans was nobody's choice.
ALTER TABLE apps NO FORCE ROW LEVEL SECURITY;
UPDATE apps SET limits = coalesce((
    SELECT jsonb_object_agg(own.key, own.value) FROM jsonb_each(limits) own
    WHERE own.value IS DISTINCT FROM '{
        "max_connections": 200, "max_publishes_per_s": 200, "max_reads_per_s": 50,
        "max_event_bytes": 10240, "max_payload_bytes": 65536, "max_client_events_per_s": 10,
        "max_presence_members": 100, "max_member_bytes": 1024, "max_channels_per_connection": 200
    }'::jsonb -> own.key), '{}');
ALTER TABLE apps FORCE ROW LEVEL SECURITY;

-- Units that may be used. Each UTC day adds to them when the pool is next looked at, so nothing has
-- to happen at midnight. A pool's row is also the lock on all leases of its organisation.
CREATE TABLE quota_pools (
    organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    -- Empty: of the whole organisation. Else the part of one app.
    app_id          text NOT NULL,
    -- Days since 1970 in UTC: the last one that was added.
    day             integer NOT NULL,
    per_day         bigint NOT NULL CHECK (per_day > 0),
    -- What that last day has added so far.
    added           bigint NOT NULL,
    -- Below zero when the last message admitted reached more subscribers than was left.
    units_left      bigint NOT NULL,
    units_today     bigint NOT NULL DEFAULT 0,
    -- Units beyond the pool in the period that began then, to be billed.
    overage_period  timestamptz,
    overage_units   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation_id, app_id)
) WITH (fillfactor = 70);

-- What each process of a gateway has used of an app's quota and may use. Absolute totals since its
-- start. Rows outlive the process, so that a late ledger is not charged twice.
CREATE TABLE quota_leases (
    app_id             text NOT NULL,
    gateway            text NOT NULL,
    boot               text NOT NULL,
    organisation_id    uuid NOT NULL,
    -- Charged to the pools.
    used               bigint NOT NULL,
    granted            bigint NOT NULL,
    -- The grant before may still be in use until the next one is asked for.
    held               bigint NOT NULL,
    wanted             bigint NOT NULL,
    open               integer NOT NULL,
    connections        integer NOT NULL,
    held_connections   integer NOT NULL,
    wanted_connections integer NOT NULL,
    heard_at           timestamptz NOT NULL,
    PRIMARY KEY (app_id, gateway, boot)
) WITH (fillfactor = 70);
CREATE INDEX quota_leases_of_organisation ON quota_leases (organisation_id);

-- Units in the ledger per process and app: what corrects a lease that ended without a last word.
CREATE TABLE usage_boots (
    gateway    text NOT NULL,
    boot       text NOT NULL,
    app_id     text NOT NULL,
    units      bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway, boot, app_id)
) WITH (fillfactor = 70);

-- Hours whose minutes have changed since they were added up, or that were never added up.
CREATE TABLE usage_stale_hours (
    app_id          text NOT NULL,
    hour            timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    marked_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (app_id, hour)
);
CREATE INDEX usage_stale_hours_due ON usage_stale_hours (hour);
CREATE INDEX usage_minutes_of_organisation ON usage_minutes (organisation_id, minute);
CREATE INDEX usage_minutes_age ON usage_minutes (minute);
CREATE INDEX usage_hours_age ON usage_hours (hour);

CREATE TABLE refusals (
    app_id          text NOT NULL,
    request_id      text NOT NULL,
    organisation_id uuid NOT NULL,
    at              timestamptz NOT NULL,
    code            text NOT NULL,
    key             text,
    -- contract::refusal::RefusalRecord, whole.
    record          jsonb NOT NULL,
    PRIMARY KEY (app_id, request_id)
);
CREATE INDEX refusals_of_app ON refusals (app_id, at DESC, request_id DESC);
CREATE INDEX refusals_age ON refusals (at);

-- How many of an app's refusals of one UTC day are kept; more are only counted.
CREATE TABLE refusal_days (
    app_id text NOT NULL,
    day    date NOT NULL,
    kept   integer NOT NULL DEFAULT 0,
    passed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (app_id, day)
);

ALTER TABLE subscriptions NO FORCE ROW LEVEL SECURITY;
INSERT INTO quota_pools (organisation_id, app_id, day, per_day, added, units_left)
    SELECT p.organisation_id, '', floor(extract(epoch FROM now()) / 86400)::integer,
           p.messages_per_day, p.messages_per_day, p.messages_per_day
    FROM effective_plans p;
ALTER TABLE subscriptions FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY[
        'quota_pools', 'quota_leases', 'usage_stale_hours', 'refusals'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', fenced);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', fenced);
        EXECUTE format(
            'CREATE POLICY tenant ON %I TO signalbox_app
             USING (organisation_id = (SELECT scope_id(''signalbox.organisation'')))
             WITH CHECK (organisation_id = (SELECT scope_id(''signalbox.organisation'')))', fenced);
        EXECUTE format(
            'CREATE POLICY every ON %I TO signalbox_service
             USING (current_user = ''signalbox_service'')
             WITH CHECK (current_user = ''signalbox_service'')', fenced);
    END LOOP;
    FOREACH fenced IN ARRAY ARRAY['usage_boots', 'refusal_days'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', fenced);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', fenced);
        EXECUTE format(
            'CREATE POLICY every ON %I TO signalbox_service
             USING (current_user = ''signalbox_service'')
             WITH CHECK (current_user = ''signalbox_service'')', fenced);
    END LOOP;
END $$;

GRANT SELECT ON effective_plans TO signalbox_app, signalbox_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_pools TO signalbox_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON quota_pools, quota_leases, usage_boots, usage_stale_hours,
    refusals, refusal_days TO signalbox_service;
GRANT SELECT ON quota_leases, usage_stale_hours, refusals TO signalbox_app;
