// What the API does not offer: an organisation on a plan that nobody pays for.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** In force for what is made or changed from now on, and for quotas with the gateways' next question. */
export async function putOn(stack, organisation, plan) {
  const { hostname, port, username, password, pathname } = new URL(stack.database_url);
  const env = {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
  };
  const sql = [
    "BEGIN",
    "SET LOCAL ROLE signalbox_app",
    `SELECT set_config('signalbox.organisation', '${organisation}', true)`,
    `UPDATE subscriptions SET plan = '${plan}', version = (SELECT max(version) FROM plan_versions WHERE plan = '${plan}')`,
    "COMMIT",
  ];
  await run("psql", ["-q", "-v", "ON_ERROR_STOP=1", ...sql.flatMap((statement) => ["-c", statement])], { env });
}
