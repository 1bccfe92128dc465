-- Plans as versioned rows, what each organisation is on, the usage ledger, and background work.

-- A version never changes once someone is on it; a new price or limit is a new version.
CREATE TABLE plan_versions (
    plan                        text NOT NULL,
    version                     integer NOT NULL CHECK (version > 0),
    display_name                text NOT NULL,
    -- Organisations choose among the public ones; others are agreed on.
    is_public                   boolean NOT NULL DEFAULT true,
    valid_from                  timestamptz NOT NULL DEFAULT now(),
    -- Micro-dollars per period of 30 days.
    price_micros                bigint NOT NULL CHECK (price_micros >= 0),
    -- Micro-dollars per million units beyond the quota; none where overage cannot be chosen.
    overage_micros_per_million  bigint CHECK (overage_micros_per_million >= 0),
    max_connections             integer NOT NULL CHECK (max_connections > 0),
    -- Units that each UTC day adds to the pool. The pool holds at most 30 days' worth.
    messages_per_day            bigint NOT NULL CHECK (messages_per_day > 0),
    max_payload_bytes           integer NOT NULL CHECK (max_payload_bytes > 0),
    max_publishes_per_s         integer NOT NULL CHECK (max_publishes_per_s > 0),
    max_reads_per_s             integer NOT NULL CHECK (max_reads_per_s > 0),
    max_presence_members        integer NOT NULL CHECK (max_presence_members > 0),
    max_channels_per_connection integer NOT NULL CHECK (max_channels_per_connection > 0),
    history_s                   integer NOT NULL CHECK (history_s >= 0),
    max_apps                    integer NOT NULL CHECK (max_apps > 0),
    -- Secret and publishable keys of one app together.
    max_keys                    integer NOT NULL CHECK (max_keys > 0),
    max_webhooks                integer NOT NULL CHECK (max_webhooks >= 0),
    max_seats                   integer NOT NULL CHECK (max_seats > 0),
    -- As contract::plan::Features: what is absent is allowed.
    features                    jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (plan, version)
);

INSERT INTO plan_versions (
    plan, version, display_name, is_public, price_micros, overage_micros_per_million,
    max_connections, messages_per_day, max_payload_bytes, max_publishes_per_s, max_reads_per_s,
    max_presence_members, max_channels_per_connection, history_s, max_apps, max_keys, max_webhooks,
    max_seats
) VALUES
    ('free', 1, 'Free', true, 0, NULL,
     200, 300000, 65536, 200, 50, 100, 200, 300, 3, 10, 1, 3),
    ('starter', 1, 'Starter', true, 19000000, 2500000,
     1000, 2000000, 65536, 1000, 200, 100, 200, 3600, 10, 25, 5, 10),
    ('growth', 1, 'Growth', true, 79000000, 2000000,
     5000, 10000000, 262144, 5000, 1000, 500, 500, 86400, 50, 50, 20, 25),
    ('scale', 1, 'Scale', true, 299000000, 1500000,
     25000, 50000000, 262144, 20000, 5000, 1000, 1000, 259200, 200, 50, 50, 100),
    ('enterprise', 1, 'Enterprise', false, 0, 1000000,
     1000000, 1000000000, 262144, 200000, 20000, 10000, 10000, 2592000, 200, 50, 200, 1000);

-- What an organisation is on, and since when. Periods are 30 days and follow each other.
CREATE TABLE subscriptions (
    organisation_id uuid PRIMARY KEY REFERENCES organisations ON DELETE CASCADE,
    plan            text NOT NULL,
    version         integer NOT NULL,
    period_start    timestamptz NOT NULL,
    period_end      timestamptz NOT NULL CHECK (period_end > period_start),
    -- What the next period begins with; none: the same.
    next_plan       text,
    next_version    integer,
    -- `reduced`: it is not paid, and the limits of the free plan hold until it is.
    standing        text NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'past_due', 'reduced')),
    FOREIGN KEY (plan, version) REFERENCES plan_versions,
    FOREIGN KEY (next_plan, next_version) REFERENCES plan_versions (plan, version),
    CHECK ((next_plan IS NULL) = (next_version IS NULL))
);

ALTER TABLE organisations NO FORCE ROW LEVEL SECURITY;
INSERT INTO subscriptions (organisation_id, plan, version, period_start, period_end)
    SELECT id, 'free', 1, date_trunc('day', now(), 'UTC'),
           date_trunc('day', now(), 'UTC') + interval '30 days'
    FROM organisations;
ALTER TABLE organisations FORCE ROW LEVEL SECURITY;

-- What happens to an app at the end of its quota, and how much of the organisation's it may use.
ALTER TABLE apps
    ADD COLUMN at_quota text NOT NULL DEFAULT 'cap' CHECK (at_quota IN ('cap', 'overage')),
    ADD COLUMN messages_per_day bigint CHECK (messages_per_day > 0);

-- The ledger as gateways sent it: absolute totals, merged by maximum. `counters` is in the order of
-- contract::usage::Metric; an element that is missing is zero.
CREATE TABLE usage_minutes (
    gateway         text NOT NULL,
    boot            text NOT NULL,
    app_id          text NOT NULL,
    key             text NOT NULL,
    minute          bigint NOT NULL,
    organisation_id uuid NOT NULL,
    counters        bigint[] NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (app_id, minute, key, gateway, boot)
);
CREATE INDEX usage_minutes_received ON usage_minutes (received_at);

-- The ledger per hour, kept for 13 months. Of the connection peaks the minutes are kept too, in the
-- row of the whole app (`key` is empty): what is billed is their 99th percentile.
CREATE TABLE usage_hours (
    app_id          text NOT NULL,
    hour            timestamptz NOT NULL,
    key             text NOT NULL,
    organisation_id uuid NOT NULL,
    counters        bigint[] NOT NULL,
    minute_peaks    bigint[],
    PRIMARY KEY (app_id, hour, key)
);
CREATE INDEX usage_hours_of_organisation ON usage_hours (organisation_id, hour);

-- The larger of each pair, and the sum of each pair; what is missing is zero.
CREATE FUNCTION merge_counters(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
    SELECT array_agg(greatest(coalesce(x, 0), coalesce(y, 0)) ORDER BY n)
    FROM unnest(a, b) WITH ORDINALITY AS pairs (x, y, n)
$$;
CREATE FUNCTION add_counters(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
    SELECT array_agg(coalesce(x, 0) + coalesce(y, 0) ORDER BY n)
    FROM unnest(a, b) WITH ORDINALITY AS pairs (x, y, n)
$$;
CREATE AGGREGATE sum_counters (bigint[]) (
    SFUNC = add_counters, STYPE = bigint[], INITCOND = '{}', PARALLEL = SAFE,
    COMBINEFUNC = add_counters
);

-- Work that is done later, once, by whichever control plane takes it first. Written in the
-- transaction that makes it necessary.
CREATE TABLE jobs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    -- Two jobs with the same key are one.
    key          text UNIQUE,
    payload      jsonb NOT NULL,
    run_at       timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 20,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- Given up on; it stays to be looked at.
    failed_at    timestamptz
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE failed_at IS NULL;

ALTER TABLE memberships DROP CONSTRAINT memberships_role_check;
ALTER TABLE memberships ADD CONSTRAINT memberships_role_check
    CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer'));

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY['subscriptions', 'usage_minutes', 'usage_hours'] LOOP
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
END $$;

CREATE POLICY every ON organisations FOR SELECT TO signalbox_service
    USING (current_user = 'signalbox_service');
CREATE POLICY every ON memberships FOR SELECT TO signalbox_service
    USING (current_user = 'signalbox_service');
GRANT SELECT ON organisations, memberships, users TO signalbox_service;

GRANT SELECT ON plan_versions TO signalbox_app, signalbox_person, signalbox_service;
GRANT SELECT, INSERT, UPDATE ON subscriptions TO signalbox_app;
GRANT SELECT, UPDATE ON subscriptions TO signalbox_service;
GRANT SELECT ON usage_minutes, usage_hours TO signalbox_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_minutes, usage_hours TO signalbox_service;
GRANT INSERT ON jobs TO signalbox_app, signalbox_person;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO signalbox_service;
