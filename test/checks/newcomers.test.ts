import test from "ava";
import { newcomerRefusals, newcomersOf } from "../../src/checks/newcomers.js";
import { UserError, exitCode } from "../../src/errors.js";
import type { Facts, Membership } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { classOf, machinesOf } from "../support/class-of.js";
import { wire } from "./support/wired.js";

/** The firewall of a class that is open to these machines: 11 is the manager, 12 the first worker. */
const openTo = (...last: number[]): Partial<Facts> => ({
  files: {
    [paths.classNote]: "geo-101\n",
    [paths.firewall]: last
      .map((each) => `-A SWARMHUB-INPUT -s 10.77.0.${each}/32 -j RETURN\n`)
      .join(""),
  },
  units: { "docker.service": "active" },
});

/** A class of a manager and worker1; the other workers are new. */
const growing = (workers: number, ...classIsOpenTo: number[]) => {
  const cluster = classOf(workers, { answers: [["kill", ""]] });
  const rules = openTo(...classIsOpenTo);
  const machines = machinesOf(cluster, {}, { manager: rules, worker1: rules });
  for (const host of cluster.hosts) host.facts = async () => machines(host).facts;
  return { cluster, newcomers: cluster.workers.slice(1) };
};
const address = (name: string): string =>
  `10.77.0.${11 + (name === "manager" ? 0 : Number(name.at(-1)))}`;

test("before the class's firewall is open to a newcomer, only the newcomer listens", async (t) => {
  const { cluster, newcomers } = growing(2, 11, 12);
  const listened = wire(cluster.hosts);
  t.deepEqual([...(await newcomerRefusals(newcomers, cluster))], []);
  t.deepEqual(
    listened,
    ["tcp/7946", "udp/7946", "udp/4789", "tcp/20501"].map((port) => `worker2 bind ${port}`),
  );
});

test("afterwards it is tested in both directions, and the class's Docker keeps its ports", async (t) => {
  const { cluster, newcomers } = growing(2, 11, 12, 13);
  const listened = wire(cluster.hosts);
  t.deepEqual([...(await newcomerRefusals(newcomers, cluster))], []);
  t.deepEqual(
    listened.filter((line) => line.startsWith("manager")),
    ["tcp/2377", "tcp/7946", "udp/7946", "udp/4789", "tcp/2049"].map(
      (port) => `manager watch ${port}`,
    ),
  );
  t.deepEqual(
    listened.filter((line) => line.startsWith("worker1")),
    ["tcp/7946", "udp/7946", "udp/4789"].map((port) => `worker1 watch ${port}`),
  );
});

test("2377 open and 4789 closed is no join: the error says which ports to open, from where to where", async (t) => {
  const { cluster, newcomers } = growing(3, 11, 12);
  wire(cluster.hosts, ({ to, port }) => to === address("worker2") && port === "4789/udp");
  const refused = await newcomerRefusals(newcomers, cluster);
  t.deepEqual([...refused.keys()], [newcomers[0]]);
  const error = refused.get(newcomers[0]!);
  t.is(error?.code, exitCode.preflight);
  t.is(
    error?.message,
    "worker2: from manager, worker1: 4789/udp of worker2 (10.77.0.13) cannot be reached: no answer, so something on the path drops the packets",
  );
  t.is(
    error?.hint,
    "open 2377/tcp, 7946/tcp+udp, 4789/udp, 2049/tcp and 20501/tcp from 10.77.0.11, 10.77.0.12 to 10.77.0.13, in the provider's security group and in the firewall of worker2; if that is ufw, on worker2: `sudo ufw allow from 10.77.0.11 && sudo ufw allow from 10.77.0.12`",
  );
});

test("what the class's machines close to a newcomer has the cure for these machines", async (t) => {
  const { cluster, newcomers } = growing(2, 11, 12, 13);
  wire(cluster.hosts, ({ from, port }) => from === "worker2" && port !== "2377/tcp");
  const error = (await newcomerRefusals(newcomers, cluster)).get(newcomers[0]!);
  const [first, second, ...more] = error?.message.split("\n") ?? [];
  t.regex(
    first ?? "",
    /^worker2: 7946\/tcp\+udp, 4789\/udp, 2049\/tcp of manager \(10\.77\.0\.11\) cannot/,
  );
  t.regex(
    second ?? "",
    /^7946\/tcp\+udp, 4789\/udp of worker1 \(10\.77\.0\.12\) cannot be reached/,
  );
  t.deepEqual(more, []);
  t.regex(
    error?.hint ?? "",
    /from 10\.77\.0\.13 to 10\.77\.0\.11, .* the firewall of manager; if that is ufw, on manager/,
  );
});

test("of two newcomers that do not reach each other, the first one joins", async (t) => {
  const { cluster, newcomers } = growing(3, 11, 12, 13, 14);
  wire(cluster.hosts, ({ from, to }) => from === "worker2" && to === address("worker3"));
  const refused = await newcomerRefusals(newcomers, cluster);
  t.deepEqual(
    [...refused.keys()].map(({ name }) => name),
    ["worker3"],
  );
  t.regex(refused.get(newcomers[1]!)?.message ?? "", /^worker3: from worker2: 7946/);
});

test("connections between the class's own machines are not tested, and no newcomer needs no test", async (t) => {
  const { cluster, newcomers } = growing(2, 11, 12, 13);
  wire(cluster.hosts, ({ from, to }) => from !== "worker2" && to !== address("worker2"));
  t.is((await newcomerRefusals(newcomers, cluster)).size, 0);
  t.is((await newcomerRefusals([], classOf(2))).size, 0);
});

test("a newcomer that cannot take part is refused, and the others are tested", async (t) => {
  const { cluster, newcomers } = growing(3, 11, 12);
  wire(cluster.hosts);
  newcomers[0]!.run = async () => {
    throw new UserError("perl: not found", { host: "worker2" });
  };
  const refused = await newcomerRefusals(newcomers, cluster);
  t.deepEqual(
    [...refused.values()].map(({ message }) => message),
    ["worker2: perl: not found"],
  );
});

test("a machine of the class that cannot take part is no fault of the newcomer", async (t) => {
  const { cluster, newcomers } = growing(2, 11, 12);
  wire(cluster.hosts);
  cluster.manager.run = async () => {
    throw new Error("manager: the connection was lost");
  };
  await t.throwsAsync(newcomerRefusals(newcomers, cluster), { message: /connection was lost/ });
});

test("newcomers are the workers that the Swarm's manager does not list, or lists at a former address", async (t) => {
  const { cluster } = growing(4, 11, 12);
  const members: Record<string, Membership> = Object.fromEntries(
    ["manager", "worker1", "worker2", "worker3"].map((name) => [
      name,
      {
        state: name === "worker3" ? "pending" : "active",
        nodeId: name === "worker3" ? "" : `id-${name}`,
        manages: name === "manager",
        address: name === "worker2" ? "10.77.0.99" : address(name),
      },
    ]),
  );
  for (const host of cluster.hosts) {
    const facts = await host.facts();
    const membership = members[host.name];
    host.facts = async () => ({ ...facts, membership, files: { [paths.classNote]: "geo-101\n" } });
    Object.assign(host.docker, {
      listNodes: async () =>
        ["manager", "worker1", "worker2"].map((name) => ({ ID: `id-${name}` })),
      swarmInspect: async () => ({}),
    });
  }
  const found = await newcomersOf(cluster);
  t.deepEqual(
    found.map(({ name }) => name),
    ["worker2", "worker3", "worker4"],
  );
});
