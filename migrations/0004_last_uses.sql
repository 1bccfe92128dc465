-- Gateways report when credentials were last used. The service may write that down, and nothing
-- else about a credential.
GRANT UPDATE (last_used_at) ON app_credentials, secret_keys TO signalbox_service;

CREATE POLICY used ON app_credentials FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service');
CREATE POLICY used ON secret_keys FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service');
