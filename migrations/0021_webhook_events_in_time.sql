-- Looking back tells an app's webhook events in the order in which they happened. Another index would
-- cost every message; the one that finds an organisation's messages does both.
DROP INDEX webhook_messages_of_organisation;
CREATE INDEX webhook_messages_in_time ON webhook_messages (organisation_id, app_id, at, id);
