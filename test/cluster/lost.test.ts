import test from "ava";
import { type Cluster, answering, connectCluster } from "../../src/cluster/cluster.js";
import { lostText } from "../../src/cluster/lost.js";
import { inspectMachines } from "../../src/cluster/machines.js";
import { seatsText } from "../../src/cluster/seats.js";
import type { Docker } from "../../src/docker/client.js";
import { UnreachableError, exitCode } from "../../src/errors.js";
import type { Host } from "../../src/host/host.js";
import { firewall } from "../../src/pieces/firewall.js";
import {
  firewallScript,
  firewallUnit,
  loadedRules,
  loadedRules6,
  type Wanted,
} from "../../src/pieces/firewall/rules.js";
import { seats } from "../../src/pieces/seats.js";
import { swarm } from "../../src/pieces/swarm.js";
import { heartbeat } from "../../src/pieces/swarm/heartbeat.js";
import { planAll } from "../../src/reconcile/plan.js";
import { paths } from "../../src/paths.js";
import { describeSteps } from "../support/class-of.js";
import { firewallWanted } from "../support/firewall-wanted.js";
import { fakeConfig, fakeFacts, fakeHost, userError } from "../support/fakes.js";

const workers = [{ destination: "worker1" }, { destination: "worker2" }];
const config = fakeConfig({ workers });
const none = new Map<string, string>();

const node = (name: string, address: string) => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: {
    Labels: {
      "swarmhub.machine": `machine-${name}`,
      "swarmhub.host": name,
      "swarmhub.users": String(name !== "manager"),
    },
    Role: "worker",
    Availability: "active",
  },
  Description: { Hostname: name, Resources: { MemoryBytes: 8 * 2 ** 30, NanoCPUs: 4e9 } },
  Status: { State: name === "worker2" ? "down" : "ready", Addr: address },
});
const nodes = [
  node("manager", "10.77.0.11"),
  node("worker1", "10.77.0.12"),
  node("worker2", "10.77.0.13"),
];
const addresses = ["10.77.0.11", "10.77.0.12", "10.77.0.13"];

/** A machine of a class that is up, at this address. */
const machine = (name: string, address: string): Host => {
  const services = name === "manager" ? ["geo-101-hub", "geo-101-edge"] : [];
  const wanted = firewallWanted(addresses, { services });
  return machineWith(wanted, name, address);
};

const machineWith = (wanted: Wanted, name: string, address: string): Host =>
  fakeHost(name, {
    facts: fakeFacts({
      machineId: `machine-${name}`,
      memory: 8 * 2 ** 30,
      addresses: [{ device: "eth0", address, prefix: 24, mtu: 1500 }],
      units: { "docker.service": "active", "swarmhub-firewall.service": "active" },
      membership: { state: "active", nodeId: `id-${name}`, manages: name === "manager" },
      firewall: loadedRules(wanted),
      firewall6: loadedRules6(wanted),
      ipv6: true,
      files: {
        [paths.classNote]: "geo-101\n",
        [paths.firewall]: firewallScript(wanted),
        [paths.firewallUnit]: firewallUnit,
      },
    }),
    docker: {
      listNodes: async () => nodes,
      swarmInspect: async () => ({
        Spec: { Labels: { "swarmhub.class": "geo-101" }, ...heartbeat },
      }),
      listServices: async () => [],
      listTasks: async () => [],
    } as unknown as Partial<Docker>,
  });

const connect = async (name: string): Promise<Host> => {
  if (name === "worker2") throw new UnreachableError(name, "no answer", "ssh worker2");
  return machine(name, name === "manager" ? "10.77.0.11" : "10.77.0.12");
};
const withoutOne = (): Promise<Cluster> =>
  connectCluster(config, none, connect, { canLoseWorkers: true });

test("with one unreachable worker, nothing is planned on it nor on the others because of it", async (t) => {
  const cluster = await withoutOne();
  const planned = await planAll([firewall, swarm, seats] as never, cluster);
  t.deepEqual(describeSteps(planned.flatMap(({ steps }) => steps)), []);
  t.is((await inspectMachines(cluster))(cluster.workers[1]!).address, "10.77.0.13");
  t.deepEqual(
    cluster.lost?.map(({ destination, error }) => [destination, error.reason]),
    [["worker2", "no answer"]],
  );
  t.deepEqual(cluster.lost?.map(lostText), [
    {
      text: "cannot be reached: no answer",
      hint: "ssh worker2\nif the machine is dead: `swarmhub leave --gone worker2`",
    },
  ]);
});

test("its seats are not counted, and what asks each machine leaves it out", async (t) => {
  const cluster = await withoutOne();
  t.regex(seatsText(cluster, await inspectMachines(cluster)), /^7 seats: 1 × 8 GB/);
  const { hosts, nodes: present, seatHosts } = answering(cluster);
  t.deepEqual(
    [hosts, present, seatHosts].map((list) => list.map(({ name }) => name)),
    [["manager", "worker1"], ["manager", "worker1"], ["worker1"]],
  );
});

test("a command on it fails with the reason why it cannot be reached", async (t) => {
  const lost = (await withoutOne()).workers[1]!;
  t.is((await userError(lost.script("true"))).message, "worker2: no answer");
  t.throws(() => lost.docker.listImages(), { message: "worker2: no answer" });
});

test("a worker that the manager does not know is left out, and the manager still takes no users", async (t) => {
  const one = { ...config, workers: [{ destination: "worker3" }] };
  const cluster = await connectCluster(
    one,
    none,
    async (name) => {
      if (name === "worker3") throw new UnreachableError(name, "no answer");
      return machine(name, "10.77.0.11");
    },
    { canLoseWorkers: true },
  );
  t.deepEqual(
    cluster.hosts.map(({ name }) => name),
    ["manager"],
  );
  t.deepEqual(cluster.seatHosts, []);
  t.is(cluster.lost?.[0]?.host, undefined);
  t.deepEqual(cluster.lost?.map(lostText), [{ text: "cannot be reached: no answer" }]);
  t.is(
    seatsText(cluster, await inspectMachines(cluster)),
    "no seats, since no worker can be reached",
  );
});

test("an unreachable manager, and a worker that refuses the login, still end the command", async (t) => {
  for (const [name, code] of [
    ["manager", exitCode.unreachable],
    ["worker1", exitCode.preflight],
  ] as const) {
    const error = await userError(
      connectCluster(
        config,
        none,
        async (each) => {
          if (each === name) throw Object.assign(new UnreachableError(each, "no"), { code });
          return machine(each, each === "manager" ? "10.77.0.11" : "10.77.0.12");
        },
        { canLoseWorkers: true },
      ),
    );
    t.is(error.code, code);
  }
});
