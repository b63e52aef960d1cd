import type { Cluster } from "../../cluster/cluster.js";
import type { Step } from "../../reconcile/piece.js";
import type { SwarmState } from "../../swarm/nodes.js";
import { retryUpdate } from "../../swarm/retry.js";

/** Seconds. Swarm takes a machine for lost after three times this, and after six times where the manager itself was away. */
const seconds = 20;

/**
 * How often each machine tells the manager that it is there, as a part of the Swarm's specification. Swarm ends every server of a machine that it
 * took for lost, also where that comes back a second later. With its own 5 s, a machine that was busy for 15 s lost the work of all of its users.
 */
export const heartbeat = { Dispatcher: { HeartbeatPeriod: seconds * 1e9 } };

/** The step that sets the heartbeat of a Swarm that exists; none if it is right. */
export const heartbeatSteps = ({ members }: SwarmState, { manager }: Cluster): Step[] =>
  members.heartbeat === heartbeat.Dispatcher.HeartbeatPeriod
    ? []
    : [
        {
          host: manager,
          title: "set the Swarm's heartbeat",
          detail: `every ${seconds} s; a machine that is silent for ${3 * seconds} s counts as lost`,
          run: () =>
            retryUpdate(async () => {
              const { Version, Spec } = (await manager.docker.swarmInspect()) as {
                Version: { Index: number };
                Spec: object;
              };
              await manager.docker.swarmUpdate({
                _query: { version: Version.Index },
                _body: { ...Spec, ...heartbeat },
              });
            }),
        },
      ];
