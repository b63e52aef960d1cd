import type { Cluster } from "../../cluster/cluster.js";
import { type Config, type HostConfig, storageServer } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { UserError, adviceOf, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { inspectActivity, startByHub, stopByHub } from "../../swarm/hub.js";
import { serversOf, stopServer } from "../../swarm/user-servers.js";
import type { ActiveServer } from "./wait-until-empty.js";

/** Refuses machines that the class needs; UserError (usage) with the reason. */
export const refuseNeeded = (config: Config, leaving: readonly HostConfig[]): void => {
  for (const each of leaving) {
    if (isSameMachine(config.manager, each))
      throw new UserError("the manager cannot leave: the hub and the public address are on it", {
        host: each.destination,
        hint: "`swarmhub down` removes the whole class",
        code: exitCode.usage,
      });
    if (isSameMachine(storageServer(config), each))
      throw new UserError("this machine cannot leave: the homes are on it", {
        host: each.destination,
        hint: "`swarmhub down` removes the whole class and keeps the homes",
        code: exitCode.usage,
      });
  }
};

const isSameMachine = (one: HostConfig | undefined, other: HostConfig): boolean =>
  one !== undefined && machineOf(one.destination) === machineOf(other.destination);

const idleAfterSeconds = 10 * 60;

/** The user servers that run on these machines now. */
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
  const known = new Map((await inspectActivity(cluster, homes)).map((each) => [each.home, each]));
  return homes.map((home) => {
    const activity = known.get(home);
    // Nobody can use a server that the hub has not started.
    const idle =
      activity === undefined ||
      (activity.ready && activity.busy === false && activity.idle >= idleAfterSeconds);
    return { home, user: activity?.user, idle };
  });
};

/** A user whose server was restarted; `why` it did not start, if so. */
export type RestartResult = { user: string; why?: string | undefined };

/** Stops a server cleanly, so that it may be restarted. Throws where the hub could not stop it. */
export const stopActiveServer = async (
  cluster: Cluster,
  { home, user }: ActiveServer,
): Promise<void> => {
  // By Docker only a server that the hub does not know: its owner may have a newer one in the hub.
  if (user === undefined) return stopServer(cluster, home);
  const { ok, why } = await stopByHub(cluster, user);
  if (!ok) throw new UserError(`cannot stop the server of ${user}: ${why ?? "no reason given"}`);
};

/** Restarts a user's server, wherever there is room. Does not throw. */
export const restartServer = async (cluster: Cluster, user: string): Promise<RestartResult> => {
  const { ok, why } = await startByHub(cluster, user).catch((error: unknown) => ({
    ok: false,
    why: adviceOf(error),
  }));
  return ok ? { user } : { user, why: why ?? "no reason given" };
};
