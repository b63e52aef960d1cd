import { type HubSettingsStatus, statusOfSettings } from "../../../contracts/hub-reload.js";
import type { Cluster } from "../../cluster/cluster.js";
import { ifExists } from "../../docker/client.js";
import { UserError } from "../../errors.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { containerOf } from "../../swarm/tasks.js";
import { printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";

const path = paths.hubConfiguration;
// Milliseconds. The hub looks every two seconds, and a busy one later.
const patience = { reload: 60_000, restart: 180_000 };

/**
 * The step that writes `hub.json` for the running hub and waits until the hub uses it; also if an earlier run was ended before the hub
 * did. The hub reads a file again that is replaced by an equal one.
 */
export const reloadSteps = (cluster: Cluster, { files }: Facts, content: string): Step[] => {
  const said = files[paths.hubSettingsStatus];
  const status = statusOfSettings(said, content);
  const isWritten = files[path] === content;
  if (isWritten && (said === undefined || status?.problem === null)) return [];
  const why = isWritten ? printable(status?.problem ?? "the hub has not read it yet") : undefined;
  const detail = why === undefined ? "the hub takes it while it runs" : `not in force: ${why}`;
  const run = () => reload(cluster, content);
  return [{ host: cluster.manager, title: `write ${path}`, detail, run }];
};

const reload = async (cluster: Cluster, content: string): Promise<void> => {
  const { manager } = cluster;
  await manager.write(path, content);
  let status = await statusWithin(patience.reload, manager, content, () => true);
  if (status.needsRestart) {
    // An earlier `up` was ended between the file and the service, and the hub began anew with that file: only now does it differ from
    // the service. Swarm starts the hub again.
    const id = await containerOf(cluster, "hub");
    if (id !== undefined) await ifExists(manager.docker.getContainer(id).stop());
    status = await statusWithin(patience.restart, manager, content, (one) => !one.needsRestart);
  }
  if (status.problem !== null) throw notInForce(manager, printable(status.problem));
};

/** What the hub says of this content within so many milliseconds. */
const statusWithin = (
  deadline: number,
  host: Host,
  content: string,
  accepts: (status: HubSettingsStatus) => boolean,
): Promise<HubSettingsStatus> =>
  waitUntil(
    async () => {
      const said = await host.script(`cat ${paths.hubSettingsStatus} 2>/dev/null || true`);
      const status = statusOfSettings(said, content);
      return status !== undefined && accepts(status) ? status : undefined;
    },
    { deadline, every: 500, otherwise: () => notInForce(host, "the hub has not read it") },
  );

const notInForce = (host: Host, why: string): UserError =>
  new UserError(`${path} is written but not in force: ${why}`, {
    host: host.name,
    hint: "running servers and logins go on with the former settings; to see what the hub says, type: swarmhub logs hub",
  });
