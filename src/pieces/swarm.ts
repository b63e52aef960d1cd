import { inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { type SwarmState, inspectMembers, nodeOf } from "../swarm/nodes.js";
import { fileSteps, removeFileSteps } from "./shared/files.js";
import { heartbeatSteps } from "./swarm/heartbeat.js";
import { type BeforeJoin, joinSteps, leaveSwarm, managerSteps } from "./swarm/join.js";
import { labelSteps, strayNodeSteps } from "./swarm/labels.js";

/** Forms one Swarm of the manager and the workers on their internal addresses, and labels each node. */
export const swarmPiece = (beforeJoin: BeforeJoin = async () => {}): Piece<SwarmState> => ({
  name: "swarm",
  inspect: async (cluster) => ({
    machines: await inspectMachines(cluster),
    members: await inspectMembers(cluster),
  }),
  plan: (want, state, cluster) => {
    refuseOtherClass(want.name, state, cluster.hosts);
    // Written before the join, so that a machine with an incomplete join or a lost Swarm is known to be ours.
    const notes = cluster.hosts.flatMap((host) =>
      fileSteps(host, state.machines(host).facts, [
        { path: paths.classNote, content: `${want.name}\n` },
      ]),
    );
    const start = managerSteps(state, cluster);
    const joins = cluster.workers.flatMap((host) =>
      joinSteps(host, state, cluster, start, beforeJoin),
    );
    const isNew = (host: Host): boolean => [...start, ...joins].some((step) => step.host === host);
    return [
      ...notes,
      ...(start.length > 0 ? start : heartbeatSteps(state, cluster)),
      ...joins,
      ...cluster.nodes.flatMap((host) => labelSteps(host, state, cluster, isNew(host))),
      // A new Swarm has none.
      ...(start.length > 0 ? [] : strayNodeSteps(state, cluster)),
    ];
  },
  remove: (state, { config, hosts, manager, workers }) => {
    const { machines, members } = state;
    refuseOtherClass(config.name, state, hosts);
    const isOurs = (host: Host): boolean =>
      nodeOf(host, members) === undefined
        ? machines(host).facts.files[paths.classNote] !== undefined
        : members.swarmClass === config.name;
    const leave = (host: Host, after: Step[] = []): Step[] =>
      members.of(host).state === "inactive" || !isOurs(host)
        ? []
        : [{ host, title: "leave the Swarm", after, run: () => leaveSwarm(host) }];
    const workersLeave = workers.flatMap((host) => leave(host));
    return [
      ...workersLeave,
      ...leave(manager, workersLeave),
      ...hosts.flatMap((host) =>
        removeFileSteps(host, machines(host).facts, [
          { path: paths.classNote, then: `rmdir ${paths.configuration} 2>/dev/null || true` },
        ]),
      ),
    ];
  },
});

/** The same without a test before a machine joins. */
export const swarm = swarmPiece();

const refuseOtherClass = (
  name: string,
  { machines, members }: SwarmState,
  hosts: readonly Host[],
): void => {
  const [manager] = hosts;
  for (const host of hosts) {
    const noted = machines(host).facts.files[paths.classNote]?.trim();
    const other = host === manager ? (members.swarmClass ?? noted) : noted;
    if (other === undefined || other === name) continue;
    throw new UserError(`the machine belongs to the class ${other}, not to ${name}`, {
      host: host.name,
      hint: `remove that class first, with its own configuration: \`swarmhub down\`; if it no longer exists, on ${host.name}: \`rm ${paths.classNote}\``,
      code: exitCode.preflight,
    });
  }
};
