import type { Cluster } from "../../cluster/cluster.js";
import { type Config, type HostConfig, storageServer } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { inspectActivity, startByHub, stopByHub } from "../../swarm/hub.js";
import { serversOf, stopServer } from "../../swarm/user-servers.js";
import type { ActiveServer } from "./wait-until-empty.js";

/** Refuses machines that the class cannot be without; UserError (usage) with the reason. */
export const refuseNeeded = (config: Config, leaving: readonly HostConfig[]): void => {
  for (const each of leaving) {
    if (areOne(config.manager, each))
      throw new UserError("the manager cannot leave: the hub and everybody's way in are there", {
        host: each.destination,
        hint: "`swarmhub down` takes the whole class away",
        code: exitCode.usage,
      });
    if (areOne(storageServer(config), each))
      throw new UserError("the homes are there, so the machine cannot leave", {
        host: each.destination,
        hint: "`swarmhub down` takes the whole class away, and leaves the homes where they are",
        code: exitCode.usage,
      });
  }
};

const areOne = (one: HostConfig | undefined, other: HostConfig): boolean =>
  one !== undefined && machineOf(one.destination) === machineOf(other.destination);

const idleAfter = 10 * 60;
// seconds

/** Who has a server on these machines now. */
export const activeServersOn = async (
  cluster: Cluster,
  hosts: readonly Host[],
): Promise<ActiveServer[]> => {
  cluster.manager.forget();
  const servers = await serversOf(cluster);
  const names = new Set(hosts.map(({ name }) => name));
  const homes = [...servers].flatMap(([home, { host }]) =>
    host !== undefined && names.has(host) ? [home] : [],
  );
  if (homes.length === 0) return [];
  const known = new Map(
    (await inspectActivity(cluster.manager, homes)).map((each) => [each.home, each]),
  );
  return homes.map((home) => {
    const work = known.get(home);
    // What the hub has not started nobody can be at work in.
    const idle =
      work === undefined || (work.ready && work.busy === false && work.idle >= idleAfter);
    return { home, user: work?.user, idle };
  });
};

/** Somebody whose server was moved; `why` where it did not start again. */
export type Moved = { user: string; why?: string | undefined };

/** Stops a server cleanly; then it may be started again. Throws where the hub could not stop it. */
export const stopActiveServers = async (
  cluster: Cluster,
  { home, user }: ActiveServer,
): Promise<void> => {
  // By Docker only what the hub does not know: its owner may have asked the hub for another one since.
  if (user === undefined) return stopServer(cluster, home);
  const { ok, why } = await stopByHub(cluster.manager, user);
  if (!ok) throw new UserError(`the server of ${user} does not stop: ${why ?? "no reason given"}`);
};

/** Starts somebody's server again, wherever there is room. */
export const startAgain = async (cluster: Cluster, user: string): Promise<Moved> => {
  const { ok, why } = await startByHub(cluster.manager, user);
  return ok ? { user } : { user, why: why ?? "no reason given" };
};
