import test from "ava";
import { connections } from "../../src/checks/connections.js";
import { connectionFindings } from "../../src/checks/connections/findings.js";
import { neededConnections } from "../../src/checks/connections/needed.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import type { FakeHost } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const megabyte = 2 ** 20;

test("a single manager needs no connection", async (t) => {
  const context = contextOf(classOf(0));
  t.deepEqual(neededConnections(context), []);
  t.deepEqual(await connections.run(context), []);
});

test("every connection of Swarm, NFS and the monitor is tested, with 1 MB once per pair of machines", (t) => {
  const needed = neededConnections(contextOf(classOf(2, { server: true })));
  const said = needed.map(
    ({ from, to, protocol, port, size }) =>
      `${from.name} > ${to.name} ${port}/${protocol}${size === megabyte ? " 1 MB" : ""}`,
  );
  const between = (from: string, to: string, big: string) => [
    `${from} > ${to} 7946/tcp${big}`,
    `${from} > ${to} 7946/udp`,
    `${from} > ${to} 4789/udp`,
  ];
  t.deepEqual(said, [
    "worker1 > manager 2377/tcp",
    "worker2 > manager 2377/tcp",
    ...between("manager", "worker1", " 1 MB"),
    ...between("manager", "worker2", " 1 MB"),
    ...between("worker1", "manager", ""),
    ...between("worker1", "worker2", " 1 MB"),
    ...between("worker2", "manager", ""),
    ...between("worker2", "worker1", ""),
    "manager > server 2049/tcp 1 MB",
    "worker1 > server 2049/tcp 1 MB",
    "worker2 > server 2049/tcp 1 MB",
    ...["worker1", "worker2", "server"].map((name) => `manager > ${name} 20501/tcp`),
  ]);
});

test("the size of the full packet follows the smaller MTU of two interfaces", (t) => {
  const card = { device: "eth0", address: "10.77.0.12", prefix: 24, mtu: 1450 };
  const context = contextOf(classOf(1), { some: { worker1: { addresses: [card] } } });
  const sizes = neededConnections(context).flatMap(({ port, size }) =>
    port === 4789 ? [size] : [],
  );
  t.deepEqual(sizes, [1422, 1422]);
});

test("an encrypted class needs ESP, and its firewall no longer takes the overlay network in clear text", (t) => {
  const cluster = classOf(1, { config: { swarm: { encrypted: true } } });
  const overlay = (options: Parameters<typeof contextOf>[1]) =>
    neededConnections(contextOf(cluster, options)).flatMap(({ to, protocol, port, size }) =>
      [50, 4789].includes(port) ? [`${to.name} ${protocol}/${port} ${size}`] : [],
    );
  t.deepEqual(overlay({}), [
    "worker1 udp/4789 1472",
    "worker1 esp/50 1480",
    "manager udp/4789 1472",
    "manager esp/50 1480",
  ]);
  t.deepEqual(overlay({ some: { worker1: { files: { [paths.firewall]: "" } } } }), [
    "worker1 esp/50 1480",
    "manager esp/50 1480",
  ]);
  const context = contextOf(cluster);
  const tried = neededConnections(context)
    .filter(({ port, from }) => port === 50 && from.name === "manager")
    .map((each) => ({ ...each, result: "silent" as const }));
  const [found] = connectionFindings(tried, context);
  t.regex(found?.text ?? "", /^IP protocol 50 \(ESP\) of worker1 .* cannot be reached: no answer/);
  t.regex(found?.hint ?? "", /4789\/udp, IP protocol 50 \(ESP\), 2049\/tcp/);
});

/** Two machines with a fake perl: the states that each listener prints for its ports, and each prober's results. */
const tried = (listens: Record<string, string>, finds: Record<string, string>) => {
  const cluster = classOf(1);
  for (const host of cluster.hosts) host.run = perlOf(host, listens, finds);
  return cluster;
};

const perlOf = (
  host: FakeHost,
  listens: Record<string, string>,
  finds: Record<string, string>,
): FakeHost["run"] => {
  let end: (answer: string) => void = () => {};
  return async (argv, options) => {
    const words = argv.join(" ");
    host.asked.push(words);
    if (words === "kill 7") {
      end("");
      return "";
    }
    const input = String(options?.input);
    if (!input.includes("Listen =>")) return finds[host.name] ?? "";
    const orders = input.split("__END__\n")[1]?.trim().split("\n").slice(1) ?? [];
    for (const port of orders)
      options?.onLine?.(`${listens[`${host.name} ${port}`] ?? "open"} ${port}`);
    options?.onLine?.("ready 7");
    return new Promise<string>((resolve) => (end = resolve));
  };
};

const all = (address: string, result: string, portList: readonly string[]): string =>
  portList.map((port) => `${address} ${port} ${result}\n`).join("");
const toWorker = ["tcp 7946", "udp 7946", "udp 4789"];
const toManager = ["tcp 2377", ...toWorker, "tcp 2049"];
const monitored = [...toWorker, "tcp 20501"];

test("each machine reports what it reaches, and every listener is stopped", async (t) => {
  const cluster = tried(
    {},
    {
      manager: all("10.77.0.12", "reached", monitored),
      worker1: all("10.77.0.11", "reached", toManager),
    },
  );
  t.deepEqual(lines(await connections.run(contextOf(cluster))), [
    "ok manager: reaches 7946/tcp+udp, 4789/udp, 20501/tcp of worker1, with packets of 1500 bytes",
    "ok worker1: reaches 2377/tcp, 7946/tcp+udp, 4789/udp, 2049/tcp of manager, with packets of 1500 bytes",
  ]);
  for (const host of cluster.hosts) t.true(host.asked.includes("kill 7"));
});

test("unanswered, refused and truncated connections have separate findings", async (t) => {
  const cluster = tried(
    {},
    {
      manager: `10.77.0.12 tcp 7946 silent\n10.77.0.12 udp 7946 silent\n10.77.0.12 udp 4789 broken\n`,
      worker1: `10.77.0.11 tcp 2377 refused\n10.77.0.11 tcp 2049 broken\n10.77.0.11 tcp 2049 reached\n`,
    },
  );
  const found = await connections.run(contextOf(cluster));
  const said = lines(found);
  const [mtu] = found.filter(({ text }) => text.startsWith("4789/udp of worker1"));
  t.regex(mtu?.hint ?? "", /, on manager: `ping -M do -s 1372 10\.77\.0\.12`;/);
  for (const start of [
    "error manager: 7946/tcp+udp, 20501/tcp of worker1 (10.77.0.12) cannot be reached: no answer",
    "error manager: 4789/udp of worker1 (10.77.0.12) passes small data",
    "error worker1: 2377/tcp of manager (10.77.0.11) cannot be reached: the connection was refused",
    "error worker1: 7946/tcp+udp, 4789/udp of manager (10.77.0.11) cannot be reached: no answer",
    "ok worker1: reaches 2049/tcp of manager",
  ])
    t.true(
      said.some((line) => line.startsWith(start)),
      `${start}\n${said.join("\n")}`,
    );
});

test("a TCP port that Docker uses is tested by connecting, and a UDP port by watching what arrives", async (t) => {
  const cluster = tried(
    { "manager tcp/2377": "occupied" },
    {
      manager: all("10.77.0.12", "reached", monitored),
      worker1: all(
        "10.77.0.11",
        "reached",
        toManager.filter((port) => port !== "udp 4789"),
      ),
    },
  );
  const orders: string[] = [];
  for (const host of cluster.hosts) {
    const { run } = host;
    host.run = (argv, options) => {
      orders.push(String(options?.input).split("__END__\n")[1] ?? "");
      return run(argv, options);
    };
  }
  const running = { manager: { units: { "docker.service": "active" } } };
  const said = lines(await connections.run(contextOf(cluster, { some: running })));
  t.true(orders.some((order) => / 10\.77\.0\.11 30 watch\ntcp\/2377\n/.test(order)));
  t.true(orders.some((order) => / 10\.77\.0\.12 30 bind\n/.test(order)));
  const kinds = orders.flatMap(
    (order) => order.match(/(?<=10\.77\.0\.11 )\S+ \d+ \d+ (talk|connect)/g) ?? [],
  );
  t.true(
    kinds.includes("tcp 2377 64 connect") && kinds.includes("udp 4789 1472 talk"),
    kinds.join(),
  );
  t.true(said.includes("ok worker1: reaches 2377/tcp, 7946/tcp+udp, 2049/tcp of manager"));
  t.true(
    said.some((line) => line.startsWith("error worker1: 4789/udp of manager (10.77.0.11) cannot")),
  );
});

test("a UDP port in use without Docker is an error of its machine", (t) => {
  const context = contextOf(classOf(1));
  const connection = neededConnections(context).find(
    ({ port, to }) => port === 4789 && to.name === "manager",
  );
  const found = connectionFindings(
    connection === undefined ? [] : [{ ...connection, result: "untried" }],
    context,
  );
  t.deepEqual(lines(found), ["error manager: 4789/udp is in use, but Docker does not run there"]);
});

test("a machine without perl fails the check, and the others stop listening", async (t) => {
  const cluster = tried({}, {});
  const [, worker] = cluster.hosts;
  if (worker !== undefined)
    worker.run = async () => {
      throw new Error("worker1: perl: not found");
    };
  await t.throwsAsync(async () => connections.run(contextOf(cluster)), {
    message: /perl: not found/,
  });
  t.true(cluster.manager.asked.includes("kill 7"));
});

test("what the class's own firewall closes to a new address is not tested, so that `up` can open it", async (t) => {
  const rules =
    "-A SWARMHUB-INPUT -s 10.77.0.99/32 -j RETURN\n-A SWARMHUB-INPUT -s 10.77.0.12/32 -j RETURN\n";
  const some = {
    manager: { files: { [paths.firewall]: rules } },
    worker1: { files: { [paths.firewall]: rules } },
  };
  const cluster = tried({}, {});
  const found = lines(await connections.run(contextOf(cluster, { some })));
  t.deepEqual(
    found.filter((line) => line.includes("not tested from")),
    [
      "note worker1: not tested from manager: the class's firewall here has another address, until the next `swarmhub up`",
    ],
  );
});
