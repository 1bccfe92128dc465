-- Whoever deletes their account leaves their organisations. Each organisation's row is the lock
-- under which its members change, so this takes it too; locking a row asks for the right to update
-- it, and no update passes.
DROP POLICY locked ON memberships;
REVOKE UPDATE (role) ON memberships FROM signalbox_service;
CREATE POLICY locked ON organisations FOR UPDATE TO signalbox_service
    USING (current_user = 'signalbox_service') WITH CHECK (false);
