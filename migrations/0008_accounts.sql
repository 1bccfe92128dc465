-- Accounts: verified addresses, links that work once, second factors, and sessions one can look at.

ALTER TABLE users
    ADD COLUMN email_verified_at timestamptz,
    -- The owner of an address is told of attempts to sign up with it at most once a day.
    ADD COLUMN signup_notice_at timestamptz;

ALTER TABLE sessions
    -- Names a session without being able to use it.
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
    -- When the password was last given in it.
    ADD COLUMN confirmed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN address text,
    ADD COLUMN user_agent text CHECK (octet_length(user_agent) <= 1024);
-- What was there before was confirmed when it began.
UPDATE sessions SET last_seen_at = created_at, confirmed_at = created_at;

-- Links sent by mail. What is stored recognises a link and does not lead back to it.
CREATE TABLE mail_links (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose    text NOT NULL CHECK (purpose IN ('verify_email', 'change_email', 'reset_password')),
    -- The address it was sent to, which using it proves.
    email      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX mail_links_of_user ON mail_links (user_id, purpose);
CREATE INDEX mail_links_expiry ON mail_links (expires_at);

CREATE TABLE second_factors (
    user_id       uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed_secret bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- In force from here on; before, it is only offered.
    confirmed_at  timestamptz,
    -- The last 30-second step whose code was used: no code works twice.
    last_step     bigint NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (user_id, code_hash)
);

-- The password was right, the second factor is still to come.
CREATE TABLE pending_logins (
    token_hash    bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    attempts_left integer NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX pending_logins_of_user ON pending_logins (user_id);
CREATE INDEX pending_logins_expiry ON pending_logins (expires_at);

-- Where somebody has signed in from before: a hash of network and browser.
CREATE TABLE known_devices (
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    device       bytea NOT NULL CHECK (octet_length(device) = 32),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, device)
);

-- What happened to an account, for its owner to read.
CREATE TABLE account_events (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    detail     text,
    address    text,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX account_events_of_user ON account_events (user_id, created_at DESC, id DESC);
CREATE INDEX account_events_age ON account_events (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON mail_links, second_factors, recovery_codes, pending_logins,
    known_devices TO signalbox_person;
GRANT SELECT, INSERT ON account_events TO signalbox_person;
GRANT SELECT (user_id, confirmed_at) ON second_factors TO signalbox_service;
GRANT SELECT, DELETE ON mail_links, pending_logins, account_events TO signalbox_service;

-- An account is deleted by the service, which sees who else owns what, while nobody else can change
-- it: locking a row asks for the right to update it, and no update passes.
GRANT DELETE ON users TO signalbox_service;
GRANT UPDATE (role) ON memberships TO signalbox_service;
CREATE POLICY locked ON memberships FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service') WITH CHECK (false);
