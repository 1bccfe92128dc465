-- People, organisations, apps, credentials, and the fence between tenants.
--
-- Runtime queries never run as the owner of these tables. Each transaction takes one of three
-- roles, and FORCE ROW LEVEL SECURITY decides what that role may see:
--   signalbox_app     one organisation's rows; `signalbox.organisation` names it
--   signalbox_person  what one signed-in person belongs to; `signalbox.person` names them
--   signalbox_service the service's own work: the gateways' snapshot and housekeeping

DO $$
DECLARE
    wanted text;
    attempt int;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['signalbox_app', 'signalbox_person', 'signalbox_service'] LOOP
        -- Roles belong to the cluster, not to the database: two databases migrating at the same
        -- moment may meet here, and the one that comes second has nothing left to do.
        FOR attempt IN 1..20 LOOP
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
                END IF;
                IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
                    EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
                END IF;
                EXIT;
            EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN
                PERFORM pg_sleep(0.05);
            END;
        END LOOP;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO signalbox_app, signalbox_person, signalbox_service;

-- The scope of the running transaction. Asking without one is an error, not an empty answer.
CREATE FUNCTION scope_id(setting text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    raw text := current_setting(setting, true);
BEGIN
    IF raw IS NULL OR raw = '' THEN
        RAISE EXCEPTION 'no % is set for this transaction', setting
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN raw::uuid;
END $$;

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    name          text,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
-- One account per address, however it is capitalised.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE organisations (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE apps (
    id              text PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations,
    name            text NOT NULL,
    enabled         boolean NOT NULL DEFAULT true,
    settings        jsonb NOT NULL,
    limits          jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz
);
CREATE INDEX apps_of_organisation ON apps (organisation_id, created_at DESC, id DESC);

-- `/apps/{segment}` takes an app's id or its key, so both live in one name space. A name is never
-- given again: a deleted app's key stays refused wherever it is still configured.
CREATE TABLE app_names (
    name            text PRIMARY KEY,
    app_id          text NOT NULL REFERENCES apps,
    organisation_id uuid NOT NULL REFERENCES organisations
);

CREATE TABLE app_credentials (
    key              text PRIMARY KEY REFERENCES app_names (name),
    app_id           text NOT NULL REFERENCES apps,
    organisation_id  uuid NOT NULL REFERENCES organisations,
    sealed_secret    bytea NOT NULL,
    seal_version     smallint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    revoked_at       timestamptz,
    revoked_revision bigint,
    last_used_at     timestamptz,
    CHECK ((revoked_at IS NULL) = (revoked_revision IS NULL))
);
CREATE INDEX credentials_of_app ON app_credentials (app_id, created_at, key);

CREATE TABLE secret_keys (
    id               text PRIMARY KEY,
    app_id           text NOT NULL REFERENCES apps,
    organisation_id  uuid NOT NULL REFERENCES organisations,
    name             text NOT NULL,
    token_hash       bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    actions          text[] NOT NULL,
    channels         text[] NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz,
    revoked_at       timestamptz,
    revoked_revision bigint,
    last_used_at     timestamptz,
    CHECK ((revoked_at IS NULL) = (revoked_revision IS NULL))
);
CREATE INDEX keys_of_app ON secret_keys (app_id, created_at DESC, id DESC);

-- What a request with an Idempotency-Key answered; written in the transaction of the change, so
-- a retry finds both or neither. The body is sealed: it may carry a secret that is shown once.
CREATE TABLE idempotency_keys (
    organisation_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key             text NOT NULL,
    fingerprint     bytea NOT NULL,
    status          smallint,
    sealed_body     bytea,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations,
    user_id         uuid,
    action          text NOT NULL,
    subject         text NOT NULL,
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_of_organisation ON audit_log (organisation_id, id DESC);

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY[
        'memberships', 'apps', 'app_names', 'app_credentials', 'secret_keys',
        'idempotency_keys', 'audit_log'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', fenced);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', fenced);
        EXECUTE format(
            'CREATE POLICY tenant ON %I TO signalbox_app
             USING (organisation_id = (SELECT scope_id(''signalbox.organisation'')))
             WITH CHECK (organisation_id = (SELECT scope_id(''signalbox.organisation'')))', fenced);
    END LOOP;
END $$;

ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organisations TO signalbox_app
    USING (id = (SELECT scope_id('signalbox.organisation')))
    WITH CHECK (id = (SELECT scope_id('signalbox.organisation')));

CREATE POLICY own ON memberships FOR SELECT TO signalbox_person
    USING (user_id = (SELECT scope_id('signalbox.person')));
CREATE POLICY joined ON organisations FOR SELECT TO signalbox_person
    USING (id IN (SELECT organisation_id FROM memberships));
CREATE POLICY joined ON apps FOR SELECT TO signalbox_person
    USING (organisation_id IN (SELECT organisation_id FROM memberships));

CREATE POLICY every ON apps FOR SELECT TO signalbox_service USING (true);
CREATE POLICY every ON app_credentials FOR SELECT TO signalbox_service USING (true);
CREATE POLICY every ON secret_keys FOR SELECT TO signalbox_service USING (true);

CREATE POLICY aged ON idempotency_keys TO signalbox_service
    USING (created_at < now() - interval '24 hours');

GRANT SELECT, INSERT, UPDATE ON organisations, memberships, apps, app_names, app_credentials,
    secret_keys TO signalbox_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO signalbox_app;
GRANT SELECT, INSERT ON audit_log TO signalbox_app;

GRANT SELECT ON memberships, organisations, apps TO signalbox_person;
GRANT SELECT, INSERT, UPDATE ON users TO signalbox_person;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO signalbox_person;

GRANT SELECT ON apps, app_credentials, secret_keys TO signalbox_service;
GRANT SELECT, DELETE ON sessions, idempotency_keys TO signalbox_service;
