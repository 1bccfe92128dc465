-- The policies by which the service deletes what belonged to an organisation asked the table of
-- organisations, whose own policies ask for memberships: a circle for a role that is under both. A
-- function keeps the two questions apart.
CREATE FUNCTION is_erased(organisation uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM organisations WHERE id = organisation AND erased_at IS NOT NULL);
END $$;

DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY[
        'memberships', 'invitations', 'management_tokens', 'idempotency_keys', 'secret_keys',
        'publishable_keys', 'app_credentials', 'audit_log'
    ] LOOP
        EXECUTE format(
            'ALTER POLICY erased ON %I
             USING (current_user = ''signalbox_service'' AND is_erased(organisation_id))', fenced);
    END LOOP;
END $$;
ALTER POLICY erased_seen ON idempotency_keys
    USING (current_user = 'signalbox_service' AND is_erased(organisation_id));

-- Addresses of people who were invited and did not come are not kept for ever.
CREATE POLICY aged ON invitations FOR DELETE TO signalbox_service
    USING (current_user = 'signalbox_service' AND created_at < now() - interval '90 days');
