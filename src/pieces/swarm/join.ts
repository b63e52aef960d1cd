import type { Cluster } from "../../cluster/cluster.js";
import { poolRoutes } from "../../cluster/docker-networks.js";
import { choosePool } from "../../cluster/ipv4.js";
import { UserError, exitCode, explain } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { labels } from "../../names.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formerAddress } from "../../swarm/changed-addresses.js";
import { type SwarmState, joinHint, nodeOf, waitForNode } from "../../swarm/nodes.js";
import { removeFormerContainers } from "./former-containers.js";
import { heartbeat } from "./heartbeat.js";

/**
 * The step that initialises the Swarm, or makes it anew at the manager's new address; none if it exists. Throws a UserError (preflight) if
 * the manager is in another one.
 */
export const managerSteps = (
  { machines, members }: SwarmState,
  { config, manager, nodes }: Cluster,
): Step[] => {
  const { state, manages } = members.of(manager);
  const former = formerAddress(manager, members.of(manager), machines);
  const isRunning = manages && members.swarmClass === config.name;
  if (isRunning && former === undefined) return [];
  const isIncomplete = state === "pending" || state === "error";
  const isOurs = machines(manager).facts.files[paths.classNote] !== undefined;
  if (state !== "inactive" && !isRunning && !(isIncomplete && isOurs)) throw inOtherSwarm(manager);
  const { address } = machines(manager);
  const { pool } = choosePool([
    ...nodes.flatMap((host) => machines(host).facts.routes),
    ...poolRoutes(config),
  ]);
  return [
    {
      host: manager,
      title: former === undefined ? "initialise the Swarm" : "make the Swarm anew",
      detail:
        former === undefined
          ? `on ${address}, subnets from ${pool}`
          : `on ${address}, it was ${former}; running servers stop, homes stay; subnets from ${pool}`,
      run: async () => {
        if (isIncomplete || isRunning) await leaveFormer(manager, config.name);
        await manager.docker.swarmInit({
          ListenAddr: `${address}:2377`,
          AdvertiseAddr: address,
          DataPathAddr: address,
          DefaultAddrPool: [pool],
          SubnetSize: 24,
          // In the same request, so that our Swarm always has its label.
          Spec: { Name: "default", Labels: { [labels.class]: config.name }, ...heartbeat },
        });
      },
    },
  ];
};

/** What is to be true before a machine joins; throws a UserError where it is not. */
export type BeforeJoin = (host: Host) => Promise<void>;

/** The step that joins a worker to the Swarm; none if it is a member at its present address. Throws a UserError (preflight) if it is in a foreign one. */
export const joinSteps = (
  host: Host,
  { machines, members }: SwarmState,
  { config, manager }: Cluster,
  start: Step[],
  beforeJoin: BeforeJoin,
): Step[] => {
  const { state, manages } = members.of(host);
  const former = formerAddress(host, members.of(host), machines);
  const isMember = state === "active" && start.length === 0 && nodeOf(host, members) !== undefined;
  if (isMember && former === undefined) return [];
  const { facts, address } = machines(host);
  // Its former Swarm of ours is gone if the manager was reinstalled or `down` was interrupted, so it may leave.
  const isOurs = facts.files[paths.classNote] !== undefined && !manages;
  if ((state === "active" || state === "locked") && !isOurs) throw inOtherSwarm(host);
  return [
    {
      host,
      title: "join the Swarm",
      detail: `as ${address}${detailOf(state, former, isMember)}`,
      after: start,
      run: async () => {
        await beforeJoin(host);
        // After a crash during the join a node stays `pending` forever: it must leave and join again (moby#23611).
        if (state !== "inactive") await leaveFormer(host, config.name);
        const swarmNow = (await manager.docker.swarmInspect()) as {
          JoinTokens: { Worker: string };
        };
        const joined = host.docker.swarmJoin({
          ListenAddr: `${address}:2377`,
          AdvertiseAddr: address,
          DataPathAddr: address,
          RemoteAddrs: [`${machines(manager).address}:2377`],
          JoinToken: swarmNow.JoinTokens.Worker,
        });
        await withHint(joined, host, joinHint(manager));
        await waitForNode(manager, host);
        manager.forget();
      },
    },
  ];
};

/** Docker's own errors of a join say that it took too long, and not what to do. */
const withHint = async (joined: Promise<unknown>, { name }: Host, hint: string): Promise<void> => {
  try {
    await joined;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(explain(error).error, { host: name, hint, causes: [error] });
  }
};

const detailOf = (state: string, former: string | undefined, isMember: boolean): string => {
  if (former !== undefined && isMember) return `, it was ${former}; its running servers stop`;
  return state === "active" ? ", leaving its former Swarm" : "";
};

const leaveFormer = async (host: Host, className: string): Promise<void> => {
  await leaveSwarm(host);
  await removeFormerContainers(host, className);
};

/** Makes a machine leave its Swarm; does nothing if it is in none. */
export const leaveSwarm = async ({ docker }: Host): Promise<void> => {
  try {
    await docker.swarmLeave({ force: true });
  } catch (error) {
    if (!/not part of a swarm/i.test(String(error))) throw error;
  }
};

const inOtherSwarm = ({ name }: Host): UserError =>
  new UserError("the machine is already in another Swarm", {
    host: name,
    hint: `if that Swarm is not needed, on ${name}: \`docker swarm leave --force\``,
    code: exitCode.preflight,
  });
