-- Storing what a gateway tells: two rows looked up for each delivery were a third of its cost. A
-- delivery is made in the statement that stores its message, and while its endpoint's row is held,
-- so both are there; and it goes when either goes, a statement's worth at once.
ALTER TABLE webhook_deliveries
    DROP CONSTRAINT webhook_deliveries_endpoint_id_fkey,
    DROP CONSTRAINT webhook_deliveries_message_id_fkey;

CREATE FUNCTION webhook_deliveries_go_with_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM webhook_deliveries d USING gone WHERE d.message_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_go_too AFTER DELETE ON webhook_messages
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION webhook_deliveries_go_with_messages();

CREATE FUNCTION webhook_deliveries_go_with_endpoints() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM webhook_deliveries d USING gone WHERE d.endpoint_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_go_too AFTER DELETE ON webhook_endpoints
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION webhook_deliveries_go_with_endpoints();

-- What is not finished has no age that matters.
DROP INDEX webhook_deliveries_age;
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (finished_at)
    WHERE finished_at IS NOT NULL;
