-- The team of an organisation, tokens that act in a member's name, deletion with a way back, and a
-- log of deeds that nobody can rewrite without it showing.

-- `deleting_at`: when the organisation goes for good; until then it can be restored.
-- `erased_at`: it has gone. The row stays, because invoices and the ledger name it.
ALTER TABLE organisations
    ADD COLUMN deleting_at timestamptz,
    ADD COLUMN erased_at timestamptz;

CREATE TABLE invitations (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations,
    email           text NOT NULL,
    role            text NOT NULL
                    CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer')),
    token_hash      bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    invited_by      uuid REFERENCES users ON DELETE SET NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    withdrawn_at    timestamptz
);
CREATE INDEX invitations_of_organisation ON invitations (organisation_id, created_at DESC, id DESC);
-- Inviting an address again replaces the invitation that is open.
CREATE UNIQUE INDEX invitations_open ON invitations (organisation_id, lower(email))
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE management_tokens (
    id              text PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations,
    -- Its maker: the token may nothing that they may not.
    user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name            text NOT NULL,
    token_hash      bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    permissions     text[] NOT NULL,
    -- The apps it is for; none means all of the organisation and the organisation itself.
    apps            text[],
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz
);
CREATE INDEX tokens_of_organisation
    ON management_tokens (organisation_id, created_at DESC, id DESC);
CREATE INDEX tokens_of_person ON management_tokens (user_id);

-- The audit log becomes a chain: each entry holds the hash of the one before it.
ALTER TABLE audit_log
    ADD COLUMN seq        bigint,
    ADD COLUMN actor_kind text CHECK (actor_kind IN ('person', 'token', 'service')),
    ADD COLUMN actor_id   text,
    ADD COLUMN actor_name text,
    ADD COLUMN before     jsonb,
    ADD COLUMN after      jsonb,
    ADD COLUMN request_id text,
    ADD COLUMN address    text,
    ADD COLUMN prev_hash  bytea,
    ADD COLUMN hash       bytea;

-- Where each organisation's chain ends. The row is also the lock that makes it a chain.
CREATE TABLE audit_heads (
    organisation_id uuid PRIMARY KEY REFERENCES organisations,
    seq             bigint NOT NULL,
    hash            bytea NOT NULL,
    at              timestamptz NOT NULL
);

-- JSON with its members sorted by code point and without blanks: one text per value.
CREATE FUNCTION canonical_json(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE jsonb_typeof(value)
        WHEN 'object' THEN (
            SELECT '{' || coalesce(string_agg(
                       to_json(name)::text || ':' || canonical_json(member), ','
                       ORDER BY name COLLATE "C"), '') || '}'
            FROM jsonb_each(value) AS members (name, member))
        WHEN 'array' THEN (
            SELECT '[' || coalesce(string_agg(canonical_json(item), ',' ORDER BY n), '') || ']'
            FROM jsonb_array_elements(value) WITH ORDINALITY AS items (item, n))
        ELSE value::text
    END;
END $$;

-- What an entry's hash is the SHA-256 of. Never changed: a later shape gets another `v`.
CREATE FUNCTION audit_text(entry audit_log) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT canonical_json(jsonb_build_object(
        'v', 1,
        'organisation_id', entry.organisation_id,
        'seq', entry.seq,
        'at', to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'actor', jsonb_build_object(
            'kind', entry.actor_kind, 'id', entry.actor_id, 'name', entry.actor_name,
            'person', entry.user_id),
        'action', entry.action,
        'subject', entry.subject,
        'before', entry.before,
        'after', entry.after,
        'request_id', entry.request_id,
        'address', entry.address,
        'prev_hash', encode(entry.prev_hash, 'hex')))
$$;

-- The entries that are there already, in their order.
ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE organisations NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    entry audit_log;
    head audit_heads;
BEGIN
    FOR entry IN SELECT * FROM audit_log ORDER BY organisation_id, id LOOP
        IF head.organisation_id IS DISTINCT FROM entry.organisation_id THEN
            head := (entry.organisation_id, 0, decode(repeat('00', 32), 'hex'), entry.at);
        END IF;
        entry.seq := head.seq + 1;
        entry.actor_kind := CASE WHEN entry.user_id IS NULL THEN 'service' ELSE 'person' END;
        entry.actor_id := entry.user_id::text;
        entry.prev_hash := head.hash;
        entry.hash := sha256(convert_to(audit_text(entry), 'UTF8'));
        UPDATE audit_log
            SET seq = entry.seq, actor_kind = entry.actor_kind, actor_id = entry.actor_id,
                prev_hash = entry.prev_hash, hash = entry.hash
            WHERE id = entry.id;
        head := (entry.organisation_id, entry.seq, entry.hash, entry.at);
        INSERT INTO audit_heads (organisation_id, seq, hash, at)
            VALUES (head.organisation_id, head.seq, head.hash, head.at)
            ON CONFLICT (organisation_id)
                DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at;
    END LOOP;
END $$;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE organisations FORCE ROW LEVEL SECURITY;

ALTER TABLE audit_log
    ALTER COLUMN seq SET NOT NULL,
    ALTER COLUMN actor_kind SET NOT NULL,
    ALTER COLUMN prev_hash SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL;
CREATE UNIQUE INDEX audit_chain ON audit_log (organisation_id, seq);
DROP INDEX audit_of_organisation;

-- Every way of writing an entry goes through here, whichever version of the service writes it. The
-- head's lock is held until commit, so an entry is written last in its transaction.
CREATE FUNCTION chain_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_heads;
BEGIN
    INSERT INTO audit_heads (organisation_id, seq, hash, at)
        VALUES (NEW.organisation_id, 0, decode(repeat('00', 32), 'hex'), now())
        ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM audit_heads
        WHERE organisation_id = NEW.organisation_id FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.at := greatest(clock_timestamp(), head.at);
    NEW.actor_kind := coalesce(
        NEW.actor_kind, CASE WHEN NEW.user_id IS NULL THEN 'service' ELSE 'person' END);
    NEW.actor_id := coalesce(NEW.actor_id, NEW.user_id::text);
    NEW.prev_hash := head.hash;
    NEW.hash := sha256(convert_to(audit_text(NEW), 'UTF8'));
    UPDATE audit_heads SET seq = NEW.seq, hash = NEW.hash, at = NEW.at
        WHERE organisation_id = NEW.organisation_id;
    RETURN NEW;
END $$;
CREATE TRIGGER chained BEFORE INSERT ON audit_log
    FOR EACH ROW EXECUTE FUNCTION chain_audit_entry();

CREATE FUNCTION keep_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What an erased organisation did goes with it; the head stays, so that an export can be held
    -- against it.
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM organisations WHERE id = OLD.organisation_id AND erased_at IS NOT NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION keep_audit_entry();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_entry();

-- A head moves with an entry and in no other way.
CREATE FUNCTION keep_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'the head of an audit log moves only with its entries'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE OR DELETE ON audit_heads
    FOR EACH ROW EXECUTE FUNCTION keep_audit_head();

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY['invitations', 'management_tokens', 'audit_heads'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', fenced);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', fenced);
        EXECUTE format(
            'CREATE POLICY tenant ON %I TO signalbox_app
             USING (organisation_id = (SELECT scope_id(''signalbox.organisation'')))
             WITH CHECK (organisation_id = (SELECT scope_id(''signalbox.organisation'')))', fenced);
    END LOOP;
    -- A token is looked up, and a link of an invitation followed, before the tenant is known.
    FOREACH fenced IN ARRAY ARRAY['invitations', 'management_tokens'] LOOP
        EXECUTE format(
            'CREATE POLICY every ON %I FOR SELECT TO signalbox_service
             USING (current_user = ''signalbox_service'')', fenced);
    END LOOP;
    -- The service deletes what belonged to an organisation that has gone, and nothing else.
    FOREACH fenced IN ARRAY ARRAY[
        'memberships', 'invitations', 'management_tokens', 'idempotency_keys', 'secret_keys',
        'publishable_keys', 'app_credentials', 'audit_log'
    ] LOOP
        EXECUTE format(
            'CREATE POLICY erased ON %I FOR DELETE TO signalbox_service
             USING (current_user = ''signalbox_service'' AND organisation_id IN
                    (SELECT id FROM organisations WHERE erased_at IS NOT NULL))', fenced);
        EXECUTE format('GRANT SELECT, DELETE ON %I TO signalbox_service', fenced);
    END LOOP;
END $$;

-- To delete rows is also to see them.
CREATE POLICY every ON audit_log FOR SELECT TO signalbox_service
    USING (current_user = 'signalbox_service');
CREATE POLICY erased_seen ON idempotency_keys FOR SELECT TO signalbox_service
    USING (current_user = 'signalbox_service' AND organisation_id IN
           (SELECT id FROM organisations WHERE erased_at IS NOT NULL));
CREATE POLICY used ON management_tokens FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service');
CREATE POLICY erased ON organisations FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service' AND deleting_at <= now());

-- The people of one organisation. Their accounts have no tenant, so this is the only way from one.
CREATE VIEW members AS
    SELECT m.organisation_id, m.user_id, m.role, m.created_at, u.email, u.name
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.organisation_id = (SELECT scope_id('signalbox.organisation'));

GRANT SELECT ON members TO signalbox_app;
GRANT DELETE ON memberships TO signalbox_app;
GRANT SELECT, INSERT, UPDATE ON invitations, management_tokens, audit_heads TO signalbox_app;
GRANT UPDATE (last_used_at) ON management_tokens TO signalbox_service;
GRANT UPDATE (name, erased_at) ON organisations TO signalbox_service;
