-- Keys that clients carry openly. The key is no secret, so it is its own name. One that was revoked
-- stays here: it is refused wherever it is still configured, and never given again.
CREATE TABLE publishable_keys (
    key              text PRIMARY KEY,
    app_id           text NOT NULL REFERENCES apps,
    organisation_id  uuid NOT NULL REFERENCES organisations,
    name             text NOT NULL,
    actions          text[] NOT NULL,
    channels         text[] NOT NULL,
    allowed_origins  text[] NOT NULL,
    allow_no_origin  boolean NOT NULL,
    ice_servers      boolean NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz,
    revoked_at       timestamptz,
    revoked_revision bigint,
    last_used_at     timestamptz,
    CHECK ((revoked_at IS NULL) = (revoked_revision IS NULL))
);
CREATE INDEX publishable_keys_of_app ON publishable_keys (app_id, created_at DESC, key DESC);

-- What signs tokens in a secret key's name. Signatures are made with the secret itself, so it is
-- sealed where the key's own token is only hashed. A key has one when its owner asked for it.
ALTER TABLE secret_keys
    ADD COLUMN sealed_token_secret bytea,
    ADD COLUMN token_secret_at timestamptz,
    ADD CHECK ((sealed_token_secret IS NULL) = (token_secret_at IS NULL));

ALTER TABLE publishable_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE publishable_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON publishable_keys TO signalbox_app
    USING (organisation_id = (SELECT scope_id('signalbox.organisation')))
    WITH CHECK (organisation_id = (SELECT scope_id('signalbox.organisation')));
CREATE POLICY every ON publishable_keys FOR SELECT TO signalbox_service
    USING (current_user = 'signalbox_service');
CREATE POLICY used ON publishable_keys FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service');

GRANT SELECT, INSERT, UPDATE ON publishable_keys TO signalbox_app;
GRANT SELECT, UPDATE (last_used_at) ON publishable_keys TO signalbox_service;
