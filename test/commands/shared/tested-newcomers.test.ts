import test from "ava";
import { piecesWithTest, refuseNewcomers } from "../../../src/commands/shared/tested-newcomers.js";
import type { Cluster } from "../../../src/cluster/cluster.js";
import { exitCode } from "../../../src/errors.js";
import type { Membership } from "../../../src/host/facts.js";
import { paths } from "../../../src/paths.js";
import { pieces } from "../../../src/pieces/index.js";
import { heartbeat } from "../../../src/pieces/swarm/heartbeat.js";
import { runSteps } from "../../../src/reconcile/run-steps.js";
import { planAll } from "../../../src/reconcile/plan.js";
import { fakeOperator } from "../../checks/support/context.js";
import { wire } from "../../checks/support/wired.js";
import { classOf, machinesOf } from "../../support/class-of.js";
import { fakeReport, userError } from "../../support/fakes.js";

/** A class of a manager and worker1 that is up, and two newcomers; the network loses 4789/udp to the address. */
const grown = (closed: string, firewall: string) => {
  const joined: string[] = [];
  const nodeIds = new Map([
    ["manager", "id-manager"],
    ["worker1", "id-worker1"],
  ]);
  const cluster = classOf(3, {
    answers: [
      ["kill", ""],
      ["date", "1000.0"],
      [/^ss /, ""],
    ],
  });
  const listened = wire(cluster.hosts, ({ to, port }) => to === closed && port === "4789/udp");
  const machines = machinesOf(cluster);
  for (const host of cluster.hosts) {
    const isMember = nodeIds.has(host.name);
    host.facts = async () => ({
      ...machines(host).facts,
      files: { [paths.classNote]: "geo-101\n", ...(isMember && { [paths.firewall]: firewall }) },
      units: { "docker.service": "active" },
      membership: {
        state: nodeIds.has(host.name) ? "active" : "inactive",
        nodeId: nodeIds.get(host.name) ?? "",
        manages: host.name === "manager",
      } satisfies Membership,
    });
    const docker = {
      info: async () => ({ Swarm: { LocalNodeState: "active", NodeID: nodeIds.get(host.name) } }),
      swarmJoin: async () => {
        joined.push(host.name);
        nodeIds.set(host.name, `id-${host.name}`);
      },
      swarmInspect: async () => ({
        JoinTokens: { Worker: "token" },
        Spec: { Labels: { "swarmhub.class": "geo-101" }, ...heartbeat },
      }),
      listNodes: async () =>
        [...nodeIds].map(([name, ID]) => ({
          ID,
          Version: { Index: 1 },
          Spec: {
            Labels: { "swarmhub.machine": `machine-id-of-${name}`, "swarmhub.host": name },
          },
          Description: { Hostname: name },
          Status: { State: "ready" },
        })),
      getNode: () => ({ update: async () => {} }),
    };
    Object.assign(host, { docker });
  }
  return { cluster, joined, listened };
};
const refuse = (cluster: Cluster) => refuseNewcomers(cluster, fakeOperator());
const open = [11, 12, 13, 14]
  .map((last) => `-A SWARMHUB-INPUT -s 10.77.0.${last}/32 -j RETURN\n`)
  .join("");

test("`up` with a new worker that cannot be reached stops before the first step, with the cure", async (t) => {
  const { cluster, joined } = grown("10.77.0.13", "");
  const error = await userError(refuse(cluster));
  t.is(error.code, exitCode.preflight);
  t.regex(
    error.message,
    /^preflight failed:\n {2}worker2: from manager, worker1: 4789\/udp of worker2 .*\n {4}→ open 2377\/tcp/,
  );
  t.deepEqual(joined, []);
});

test("workers that can be reached pass", async (t) => {
  const { cluster } = grown("none", "");
  await t.notThrowsAsync(refuse(cluster));
});

test("`up` refuses a new worker without a kernel module, and not a worker of the class", async (t) => {
  const { cluster } = grown("none", "");
  for (const host of cluster.workers.slice(0, 2)) {
    const facts = await host.facts();
    host.facts = async () => ({ ...facts, missingModules: ["vxlan"] });
  }
  const { message } = await userError(refuse(cluster));
  t.regex(message, /^ {2}worker2: .*VXLAN/m);
  t.notRegex(message, /worker1/);
});

/** Runs the steps of the piece swarm, and answers the errors by machine. */
const joinAll = async ({ cluster }: ReturnType<typeof grown>) => {
  const all = piecesWithTest(cluster).filter(({ name }) => name === "swarm");
  const [planned] = await planAll(all, cluster);
  const outcomes = await runSteps(planned?.steps ?? [], {
    piece: "swarm",
    report: fakeReport(),
    jobs: 16,
    now: () => 0,
  });
  return outcomes.flatMap((each) =>
    each.kind === "failed" ? [`${each.step.host.name}: ${String(each.error)}`] : [],
  );
};

test("what only a machine of the class closes is found before the join, and the class is tested once", async (t) => {
  const world = grown("10.77.0.12", open);
  const failed = await joinAll(world);
  t.is(failed.length, 2);
  t.regex(
    failed[0] ?? "",
    /^worker2: UserError: worker2: 4789\/udp of worker1 \(10\.77\.0\.12\) cannot be reached/,
  );
  t.deepEqual(world.joined, []);
  t.is(world.listened.filter((line) => line === "manager watch udp/4789").length, 1);
});

test("of two newcomers one joins where the other one is closed", async (t) => {
  const world = grown("10.77.0.14", open);
  const failed = await joinAll(world);
  t.deepEqual(world.joined, ["worker2"]);
  t.regex(failed.join("\n"), /^worker3: UserError: worker3: from manager, worker1, worker2: 4789/);
});

test("all pieces are there, in their order", (t) => {
  const { cluster } = grown("none", open);
  t.deepEqual(
    piecesWithTest(cluster).map(({ name }) => name),
    pieces.map(({ name }) => name),
  );
});
