import test from "ava";
import type { Membership } from "../../../src/host/facts.js";
import { heartbeatSteps } from "../../../src/pieces/swarm/heartbeat.js";
import { classOf, describeSteps, machinesOf, runAll } from "../../support/class-of.js";

/** The steps for a Swarm with this heartbeat (nanoseconds), and what is asked of Docker. */
const planned = (heartbeat: number | undefined) => {
  const asked: unknown[] = [];
  const docker = {
    swarmInspect: async () => ({
      Version: { Index: 7 },
      Spec: {
        Name: "default",
        Labels: { "swarmhub.class": "geo-101" },
        Dispatcher: { HeartbeatPeriod: heartbeat },
      },
    }),
    swarmUpdate: async (options: unknown) => void asked.push(options),
  };
  const cluster = classOf(2, { docker });
  const of = (): Membership => ({ state: "active", nodeId: "", manages: true });
  const members = { of, nodes: [], swarmClass: "geo-101", heartbeat };
  return { asked, steps: heartbeatSteps({ machines: machinesOf(cluster), members }, cluster) };
};

for (const heartbeat of [5e9, undefined])
  test(`a Swarm with the heartbeat ${heartbeat} gets ours, and keeps everything else`, async (t) => {
    const { steps, asked } = planned(heartbeat);
    t.deepEqual(describeSteps(steps), [
      "manager: set the Swarm's heartbeat (every 20 s; a machine that is silent for 60 s counts as lost)",
    ]);
    await runAll(steps);
    t.deepEqual(asked, [
      {
        _query: { version: 7 },
        _body: {
          Name: "default",
          Labels: { "swarmhub.class": "geo-101" },
          Dispatcher: { HeartbeatPeriod: 20e9 },
        },
      },
    ]);
  });

test("a Swarm with our heartbeat is left alone", (t) => {
  t.deepEqual(planned(20e9).steps, []);
});
