-- Secrets and tokens are replaced with an overlap, in which the one before is taken as well.

ALTER TABLE app_credentials
    ADD COLUMN expires_at             timestamptz,
    ADD COLUMN rotated_at             timestamptz,
    ADD COLUMN previous_sealed_secret bytea,
    ADD COLUMN previous_expires_at    timestamptz,
    ADD COLUMN previous_last_used_at  timestamptz,
    ADD CHECK ((previous_sealed_secret IS NULL) = (previous_expires_at IS NULL));

ALTER TABLE secret_keys
    ADD COLUMN rotated_at            timestamptz,
    ADD COLUMN previous_token_hash   bytea UNIQUE CHECK (octet_length(previous_token_hash) = 32),
    ADD COLUMN previous_expires_at   timestamptz,
    ADD COLUMN previous_last_used_at timestamptz,
    ADD COLUMN max_publishes_per_s   integer CHECK (max_publishes_per_s > 0),
    ADD COLUMN allowed_addresses     text[] NOT NULL DEFAULT '{}',
    ADD CHECK ((previous_token_hash IS NULL) = (previous_expires_at IS NULL));

-- Which key a publishable key took the place of.
ALTER TABLE publishable_keys ADD COLUMN replaces text REFERENCES publishable_keys;

GRANT UPDATE (previous_last_used_at) ON app_credentials, secret_keys TO signalbox_service;
