import type { Cluster } from "../../cluster/cluster.js";
import { choosePool } from "../../cluster/ipv4.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { type SwarmState, nodeOf, waitForNode } from "../../swarm/nodes.js";

/** The step that begins the Swarm; none where ours is. Refuses a machine that is in another. */
export const managerSteps = (
  { machines, members }: SwarmState,
  { config, manager, nodes }: Cluster,
): Step[] => {
  const { state, manages } = members.of(manager);
  if (manages && members.swarmClass === config.name) return [];
  const isHalfIn = state === "pending" || state === "error";
  const isOurs = machines(manager).facts.files[paths.classNote] !== undefined;
  if (state !== "inactive" && !(isHalfIn && isOurs)) throw inAnotherSwarm(manager);
  const { address } = machines(manager);
  const { pool } = choosePool(nodes.flatMap((host) => machines(host).facts.routes));
  return [
    {
      host: manager,
      title: "initialise the Swarm",
      detail: `on ${address}, subnets from ${pool}`,
      run: async () => {
        if (isHalfIn) await leaveSwarm(manager);
        await manager.docker.swarmInit({
          ListenAddr: `${address}:2377`,
          AdvertiseAddr: address,
          DataPathAddr: address,
          DefaultAddrPool: [pool],
          SubnetSize: 24,
          // In the same request, so that a Swarm of ours is never without its label.
          Spec: { Name: "default", Labels: { "swarmhub.class": config.name } },
        });
      },
    },
  ];
};

/** The step that brings a worker into the Swarm; none where it is in. Refuses one that is in another, unless that was ours. */
export const joinSteps = (
  host: Host,
  { machines, members }: SwarmState,
  { manager }: Cluster,
  start: Step[],
): Step[] => {
  const { state, manages } = members.of(host);
  if (state === "active" && start.length === 0 && nodeOf(host, members) !== undefined) return [];
  const { facts, address } = machines(host);
  // The Swarm that it joined for us is gone when the manager was made anew, or `down` was cut off: so it is free.
  const isOurs = facts.files[paths.classNote] !== undefined && !manages;
  if ((state === "active" || state === "locked") && !isOurs) throw inAnotherSwarm(host);
  return [
    {
      host,
      title: "join the Swarm",
      detail: `as ${address}${state === "active" ? ", leaving the one that it was in" : ""}`,
      after: start,
      run: async () => {
        // Half-way in after a crash, a node stays `pending` for ever: out, then in (moby#23611).
        if (state !== "inactive") await leaveSwarm(host);
        const swarmNow = (await manager.docker.swarmInspect()) as {
          JoinTokens: { Worker: string };
        };
        await host.docker.swarmJoin({
          ListenAddr: `${address}:2377`,
          AdvertiseAddr: address,
          DataPathAddr: address,
          RemoteAddrs: [`${machines(manager).address}:2377`],
          JoinToken: swarmNow.JoinTokens.Worker,
        });
        await waitForNode(manager, host);
        manager.forget();
      },
    },
  ];
};

/** Leaves whatever Swarm the machine is in; being in none is as good. */
export const leaveSwarm = async ({ docker }: Host): Promise<void> => {
  try {
    await docker.swarmLeave({ force: true });
  } catch (error) {
    if (!/not part of a swarm/i.test(String(error))) throw error;
  }
};

const inAnotherSwarm = ({ name }: Host): UserError =>
  new UserError("the machine is already in a Swarm that is not this class's", {
    host: name,
    hint: `if nobody needs it there: \`docker swarm leave --force\` on ${name}`,
    code: exitCode.preflight,
  });
