-- The feed that gateways follow, and what they have confirmed.

-- One row, and every writer takes its lock to get a number. The lock is held until commit, so
-- revisions have no gaps and their order is the order of commits.
CREATE TABLE feed_head (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    revision bigint NOT NULL
);
INSERT INTO feed_head (revision) VALUES (0);

CREATE TABLE changes (
    revision bigint PRIMARY KEY,
    kind     text NOT NULL,
    lane     text NOT NULL CHECK (lane IN ('kill', 'change')),
    payload  jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gateways (
    id        text PRIMARY KEY,
    boot      uuid NOT NULL,
    ops_url   text NOT NULL,
    confirmed bigint NOT NULL,
    last_seen timestamptz NOT NULL DEFAULT now()
);

-- A change is published in the transaction of what it describes.
GRANT SELECT, UPDATE ON feed_head TO signalbox_app;
GRANT INSERT ON changes TO signalbox_app;
GRANT SELECT ON gateways TO signalbox_app, signalbox_person;

GRANT SELECT ON feed_head TO signalbox_service;
GRANT SELECT, DELETE ON changes TO signalbox_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON gateways TO signalbox_service;
