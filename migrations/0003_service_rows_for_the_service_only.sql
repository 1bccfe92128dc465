-- The role that migrates is a member of the three runtime roles, and a policy counts for members
-- too. What the service may see must not be what a forgotten SET ROLE shows.
ALTER POLICY every ON apps USING (current_user = 'signalbox_service');
ALTER POLICY every ON app_credentials USING (current_user = 'signalbox_service');
ALTER POLICY every ON secret_keys USING (current_user = 'signalbox_service');
ALTER POLICY aged ON idempotency_keys
    USING (current_user = 'signalbox_service' AND created_at < now() - interval '24 hours');
