-- Webhooks: where what happens is to be told, what is to be told there, and how that went.

CREATE TABLE webhook_endpoints (
    id                         uuid PRIMARY KEY,
    organisation_id            uuid NOT NULL REFERENCES organisations,
    -- None: it hears what concerns the whole organisation.
    app_id                     text REFERENCES apps,
    url                        text NOT NULL CHECK (octet_length(url) <= 2048),
    description                text NOT NULL DEFAULT '' CHECK (char_length(description) <= 200),
    form                       text NOT NULL CHECK (form IN ('pusher', 'relay', 'standard')),
    -- Types of events; none: all that its form can tell.
    events                     text[] NOT NULL DEFAULT '{}',
    -- Patterns of channels; none: all.
    channels                   text[] NOT NULL DEFAULT '{}',
    -- Signs the standard form; the others are signed with an app secret.
    sealed_secret              bytea,
    previous_sealed_secret     bytea,
    previous_secret_expires_at timestamptz,
    enabled                    boolean NOT NULL DEFAULT true,
    disabled_why               text CHECK (disabled_why IN ('owner', 'failing', 'gone')),
    -- Since when nothing has been taken there, and how many attempts in a row were in vain.
    failing_since              timestamptz,
    failures                   integer NOT NULL DEFAULT 0,
    -- After several failures in a row nothing is sent before this.
    rests_until                timestamptz,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    deleted_at                 timestamptz,
    CHECK ((previous_sealed_secret IS NULL) = (previous_secret_expires_at IS NULL)),
    CHECK ((form = 'standard') = (sealed_secret IS NOT NULL)),
    CHECK (form = 'standard' OR app_id IS NOT NULL)
);
CREATE INDEX webhook_endpoints_of_app ON webhook_endpoints (app_id) WHERE deleted_at IS NULL;
CREATE INDEX webhook_endpoints_of_organisation ON webhook_endpoints (organisation_id, created_at, id);

-- What has happened, once, whoever is to hear of it.
CREATE TABLE webhook_messages (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    app_id          text,
    type            text NOT NULL,
    channel         text,
    -- What the event says beside its type and channel. Not jsonb: a payload may hold any character.
    data            json NOT NULL,
    at              timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Where a channel's event comes from: told again, it is passed over.
    gateway         text,
    boot            text,
    seq             bigint,
    UNIQUE (gateway, boot, seq),
    CHECK ((gateway IS NULL) = (boot IS NULL) AND (boot IS NULL) = (seq IS NULL))
);
CREATE INDEX webhook_messages_age ON webhook_messages (created_at);
CREATE INDEX webhook_messages_of_organisation ON webhook_messages (organisation_id);
CREATE INDEX webhook_messages_of_app ON webhook_messages (app_id, created_at, id);

-- One message for one endpoint.
CREATE TABLE webhook_deliveries (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    endpoint_id     uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    message_id      uuid NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
    -- The order in which an endpoint is told of a channel.
    place           bigint GENERATED ALWAYS AS IDENTITY,
    -- Empty: of no channel, so in no order.
    channel         text NOT NULL DEFAULT '',
    type            text NOT NULL,
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL DEFAULT now(),
    -- Somebody is delivering it until then.
    leased_until    timestamptz,
    last_status     integer,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at, place)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (endpoint_id, channel, place)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (endpoint_id, leased_until)
    WHERE state = 'pending' AND leased_until IS NOT NULL;
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint_id, place) WHERE state = 'dead';
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, place DESC);
CREATE INDEX webhook_deliveries_of_message ON webhook_deliveries (message_id);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (finished_at);

-- One request, as it was sent and answered.
CREATE TABLE webhook_attempts (
    id               uuid PRIMARY KEY,
    organisation_id  uuid NOT NULL,
    endpoint_id      uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
    at               timestamptz NOT NULL,
    duration_ms      integer NOT NULL,
    -- How often its oldest event had been tried, this attempt included.
    attempt          integer NOT NULL,
    events           integer NOT NULL,
    status           integer,
    error            text,
    request_headers  jsonb NOT NULL,
    request_body     text NOT NULL,
    response_headers jsonb,
    response_body    text
);
CREATE INDEX webhook_attempts_of_organisation ON webhook_attempts (organisation_id);
CREATE INDEX webhook_attempts_of_endpoint ON webhook_attempts (endpoint_id, at DESC, id DESC);
CREATE INDEX webhook_attempts_age ON webhook_attempts (at);

-- Which deliveries an attempt carried.
CREATE TABLE webhook_attempt_deliveries (
    attempt_id      uuid NOT NULL REFERENCES webhook_attempts ON DELETE CASCADE,
    delivery_id     uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    organisation_id uuid NOT NULL,
    PRIMARY KEY (attempt_id, delivery_id)
);
CREATE INDEX webhook_attempts_of_delivery ON webhook_attempt_deliveries (delivery_id);

-- Terminals that print what an app's endpoints would be told.
CREATE TABLE webhook_listeners (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    app_id          text NOT NULL REFERENCES apps,
    -- The kinds of channel events that it prints.
    kinds           text[] NOT NULL,
    expires_at      timestamptz NOT NULL
);
CREATE INDEX webhook_listeners_of_app ON webhook_listeners (app_id, expires_at);
CREATE INDEX webhook_listeners_of_organisation ON webhook_listeners (organisation_id);
CREATE INDEX webhook_listeners_age ON webhook_listeners (expires_at);

-- The kinds of channel events that somebody wants to hear of, as the gateways are told.
ALTER TABLE apps ADD COLUMN webhook_kinds text[] NOT NULL DEFAULT '{}';

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY[
        'webhook_endpoints', 'webhook_messages', 'webhook_deliveries', 'webhook_attempts',
        'webhook_attempt_deliveries', 'webhook_listeners'
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
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO signalbox_app', fenced);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO signalbox_service', fenced);
    END LOOP;
END $$;

-- Whoever takes an event out of it locks it first.
GRANT UPDATE ON webhook_outbox TO signalbox_service;
