-- Invoices that can be recomputed, how they are paid, and alerts.

ALTER TABLE subscriptions
    ADD COLUMN IF NOT EXISTS spend_limit_micros bigint CHECK (spend_limit_micros >= 0);

-- What was agreed, and from when on: an invoice is computed from this and the ledger alone.
CREATE TABLE subscription_history (
    organisation_id    uuid NOT NULL,
    seq                bigint GENERATED ALWAYS AS IDENTITY,
    at                 timestamptz NOT NULL,
    plan               text NOT NULL,
    version            integer NOT NULL,
    standing           text NOT NULL,
    spend_limit_micros bigint,
    PRIMARY KEY (organisation_id, at, seq),
    FOREIGN KEY (plan, version) REFERENCES plan_versions
);

-- When an app might go on beyond the pool.
CREATE TABLE app_overage (
    organisation_id uuid NOT NULL,
    app_id          text NOT NULL,
    from_at         timestamptz NOT NULL,
    until_at        timestamptz CHECK (until_at >= from_at),
    PRIMARY KEY (organisation_id, app_id, from_at)
);

-- Periods, one after the other. What is filled in when it is closed is what the next one starts
-- from, and what late arrivals are held against.
CREATE TABLE billing_periods (
    organisation_id uuid NOT NULL,
    start_at        timestamptz NOT NULL,
    end_at          timestamptz NOT NULL CHECK (end_at > start_at),
    -- With what it began.
    plan            text NOT NULL,
    version         integer NOT NULL,
    opening_units   bigint,
    closing_units   bigint,
    -- The lines of overage as they were billed.
    billed          jsonb,
    closed_at       timestamptz,
    -- Absent where there was nothing to say.
    invoice_number  integer,
    PRIMARY KEY (organisation_id, start_at),
    FOREIGN KEY (plan, version) REFERENCES plan_versions,
    CHECK ((closed_at IS NULL) = (closing_units IS NULL) AND (closed_at IS NULL) = (billed IS NULL))
);
CREATE INDEX billing_periods_open ON billing_periods (end_at) WHERE closed_at IS NULL;

-- An invoice as it was issued, whole, as text. It never changes; what becomes of it stands in
-- invoice_payments. It outlives its organisation.
CREATE TABLE invoices (
    organisation_id uuid NOT NULL,
    number          integer NOT NULL CHECK (number > 0),
    id              uuid NOT NULL UNIQUE,
    issued_at       timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    total_cents     bigint NOT NULL CHECK (total_cents >= 0),
    document        text NOT NULL,
    PRIMARY KEY (organisation_id, number)
);

CREATE TABLE invoice_payments (
    organisation_id uuid NOT NULL,
    number          integer NOT NULL,
    -- Only forwards: open, processing, paid.
    state           text NOT NULL CHECK (state IN ('open', 'processing', 'paid')),
    -- Tries that failed.
    failures        integer NOT NULL DEFAULT 0,
    -- The running try, if any: its number is in the idempotency key the provider is told.
    try             integer NOT NULL DEFAULT 0,
    next_try_at     timestamptz,
    provider        text NOT NULL,
    provider_ref    text,
    last_error      text,
    paid_at         timestamptz,
    -- What an operator wrote when they marked it as paid.
    reference       text,
    PRIMARY KEY (organisation_id, number),
    FOREIGN KEY (organisation_id, number) REFERENCES invoices,
    CHECK ((state = 'paid') = (paid_at IS NOT NULL))
);
CREATE INDEX invoice_payments_due ON invoice_payments (next_try_at) WHERE state <> 'paid';
CREATE UNIQUE INDEX invoice_payments_ref ON invoice_payments (provider, provider_ref);

CREATE TABLE credits (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    at              timestamptz NOT NULL,
    reason          text NOT NULL,
    micros          bigint NOT NULL CHECK (micros > 0),
    left_micros     bigint NOT NULL CHECK (left_micros BETWEEN 0 AND micros)
);
CREATE INDEX credits_left ON credits (organisation_id, at, id) WHERE left_micros > 0;

-- Whom invoices are made out to.
CREATE TABLE billing_profiles (
    organisation_id uuid PRIMARY KEY,
    name            text NOT NULL,
    email           text,
    address         text NOT NULL,
    country         text NOT NULL,
    vat_id          text
);

-- The organisation at the payment provider. No card number is ever here.
CREATE TABLE payment_customers (
    organisation_id uuid PRIMARY KEY,
    provider        text NOT NULL,
    customer_ref    text NOT NULL,
    method_ref      text,
    method_brand    text,
    method_last4    text,
    method_expires  text,
    method_given_at timestamptz,
    UNIQUE (provider, customer_ref)
);

-- Events of the provider that were dealt with: each has its effect once.
CREATE TABLE payment_events (
    provider    text NOT NULL,
    event_id    text NOT NULL,
    kind        text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX payment_events_age ON payment_events (received_at);

CREATE TABLE alert_settings (
    organisation_id uuid PRIMARY KEY,
    -- Per cent.
    thresholds      smallint[] NOT NULL,
    messages        boolean NOT NULL,
    connections     boolean NOT NULL,
    spending        boolean NOT NULL
);

-- One alert per threshold and window, however many processes look.
CREATE TABLE alerts (
    organisation_id uuid NOT NULL,
    -- Empty: of the whole organisation.
    app_id          text NOT NULL,
    rule            text NOT NULL,
    -- The UTC day, or the day the period began.
    window_start    date NOT NULL,
    threshold       smallint NOT NULL,
    used            bigint NOT NULL,
    allowed         bigint NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, app_id, rule, window_start, threshold)
);
CREATE INDEX alerts_of_organisation ON alerts (organisation_id, at DESC);

-- Events for an organisation's own servers, kept until something delivers them.
CREATE TABLE webhook_outbox (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    app_id          text,
    type            text NOT NULL,
    payload         jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_outbox_order ON webhook_outbox (created_at, id);

ALTER TABLE subscriptions NO FORCE ROW LEVEL SECURITY;
INSERT INTO subscription_history (organisation_id, at, plan, version, standing, spend_limit_micros)
    SELECT organisation_id, period_start, plan, version, standing, spend_limit_micros
    FROM subscriptions;
INSERT INTO billing_periods (organisation_id, start_at, end_at, plan, version, opening_units)
    SELECT organisation_id, period_start, period_end, plan, version, 0 FROM subscriptions;
ALTER TABLE subscriptions FORCE ROW LEVEL SECURITY;
ALTER TABLE apps NO FORCE ROW LEVEL SECURITY;
INSERT INTO app_overage (organisation_id, app_id, from_at)
    SELECT organisation_id, id, created_at FROM apps WHERE at_quota = 'overage';
ALTER TABLE apps FORCE ROW LEVEL SECURITY;

-- A subscription that begins has a first period and a first entry in its history.
CREATE FUNCTION begin_billing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscription_history
        (organisation_id, at, plan, version, standing, spend_limit_micros)
        VALUES (NEW.organisation_id, NEW.period_start, NEW.plan, NEW.version, NEW.standing,
                NEW.spend_limit_micros);
    INSERT INTO billing_periods (organisation_id, start_at, end_at, plan, version, opening_units)
        VALUES (NEW.organisation_id, NEW.period_start, NEW.period_end, NEW.plan, NEW.version, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER billing_begins AFTER INSERT ON subscriptions
    FOR EACH ROW EXECUTE FUNCTION begin_billing();

-- Whoever changes what an app does at its quota, the moment is kept.
CREATE FUNCTION keep_app_overage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.at_quota = OLD.at_quota THEN
            RETURN NULL;
        END IF;
        UPDATE app_overage SET until_at = now()
            WHERE organisation_id = NEW.organisation_id AND app_id = NEW.id AND until_at IS NULL;
    END IF;
    IF NEW.at_quota = 'overage' THEN
        INSERT INTO app_overage (organisation_id, app_id, from_at)
            VALUES (NEW.organisation_id, NEW.id, now())
            ON CONFLICT (organisation_id, app_id, from_at) DO UPDATE SET until_at = NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER overage_kept AFTER INSERT OR UPDATE OF at_quota ON apps
    FOR EACH ROW EXECUTE FUNCTION keep_app_overage();

CREATE FUNCTION keep_as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON invoices
    FOR EACH ROW EXECUTE FUNCTION keep_as_it_is();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON invoices
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_it_is();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON subscription_history
    FOR EACH ROW EXECUTE FUNCTION keep_as_it_is();

-- What is paid stays paid, whatever arrives later.
CREATE FUNCTION keep_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an invoice that is paid stays paid' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER paid_stays BEFORE UPDATE ON invoice_payments
    FOR EACH ROW WHEN (OLD.state = 'paid') EXECUTE FUNCTION keep_paid();

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY[
        'subscription_history', 'app_overage', 'billing_periods', 'invoices', 'invoice_payments',
        'credits', 'billing_profiles', 'payment_customers', 'alert_settings', 'alerts',
        'webhook_outbox'
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
    ALTER TABLE payment_events ENABLE ROW LEVEL SECURITY;
    ALTER TABLE payment_events FORCE ROW LEVEL SECURITY;
    CREATE POLICY every ON payment_events TO signalbox_service
        USING (current_user = 'signalbox_service')
        WITH CHECK (current_user = 'signalbox_service');
END $$;

-- Whom money is written about. Accounts have no tenant, so this is the only way from one to them.
CREATE VIEW billing_contacts AS
    SELECT m.organisation_id, u.email
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.role IN ('owner', 'billing')
      AND m.organisation_id = (SELECT scope_id('signalbox.organisation'));
GRANT SELECT ON billing_contacts TO signalbox_app;

GRANT SELECT, INSERT ON subscription_history, invoices TO signalbox_app;
GRANT SELECT, INSERT, UPDATE ON app_overage, billing_periods, invoice_payments, credits,
    billing_profiles, payment_customers, alert_settings, alerts TO signalbox_app;
GRANT INSERT ON webhook_outbox TO signalbox_app;
GRANT SELECT ON subscription_history, app_overage, billing_periods, invoices, invoice_payments,
    credits, billing_profiles, alert_settings, alerts TO signalbox_service;
GRANT SELECT, UPDATE ON payment_customers TO signalbox_service;
GRANT SELECT, INSERT, DELETE ON payment_events TO signalbox_service;
GRANT SELECT, DELETE ON webhook_outbox TO signalbox_service;
