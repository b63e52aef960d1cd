import test from "ava";
import { inspectListening } from "../../src/checks/check.js";
import { occupiedPorts } from "../../src/checks/occupied-ports.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

const listening = (host: string, port: number, program: string) => ({
  listening: { [host]: [{ port, program }] },
});
const found = async (
  some: Parameters<typeof contextOf>[1] = {},
  cluster = classOf(1),
): Promise<string[]> => lines(await occupiedPorts.run(contextOf(cluster, some)));

test("the listening programs are read from `ss` on each machine", async (t) => {
  const ss = [
    'LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=7,fd=6),("nginx",pid=6,fd=6))',
    "LISTEN 0 64 [::]:2049 [::]:*",
    "",
  ];
  const cluster = classOf(1, { answers: [["ss -Hltnp", ss.join("\n")]] });
  const on = await inspectListening(cluster);
  t.deepEqual(on(cluster.hosts[1]!), [
    { port: 443, program: "nginx" },
    { port: 2049, program: "a program" },
  ]);
});

test("free ports are reported as free", async (t) => {
  t.deepEqual(await found(), ["ok manager: 80 and 443 free"]);
});

test("without TLS only 80 is needed", async (t) => {
  const cluster = classOf(0, { config: { tls: { kind: "off", trustedProxies: [] } } });
  const said = await found(listening("manager", 443, "apache2"), cluster);
  t.deepEqual(said, ["ok manager: 80 free"]);
});

for (const [host, port, program] of [
  ["manager", 443, "apache2"],
  ["manager", 80, "nginx"],
  ["manager", 80, "docker-proxy"],
  ["manager", 2377, "etcd"],
  ["worker1", 7946, "consul"],
  ["worker1", 20501, "python3"],
  ["manager", 2049, "ganesha.nfsd"],
] as const)
  test(`${program} on port ${port} of ${host} is reported by name`, async (t) => {
    const said = await found(listening(host, port, program));
    t.true(
      said.some((line) =>
        line.startsWith(`error ${host}: port ${port} is in use by ${program}, but `),
      ),
    );
  });

for (const [host, port, program] of [
  ["worker1", 443, "apache2"],
  ["worker1", 2049, "ganesha.nfsd"],
  ["manager", 2377, "dockerd"],
  ["worker1", 7946, "dockerd"],
  ["worker1", 20501, "monitor"],
  ["manager", 2049, "a program"],
  ["manager", 22, "sshd"],
] as const)
  test(`${program} on port ${port} of ${host} is no problem`, async (t) => {
    t.deepEqual(await found(listening(host, port, program)), ["ok manager: 80 and 443 free"]);
  });

test("a running class uses its own ports", async (t) => {
  const some = { manager: { files: { [paths.edgeConfiguration]: "{}" } } };
  t.deepEqual(await found({ some, ...listening("manager", 443, "docker-proxy") }), [
    "ok manager: 80 and 443 used by this class",
  ]);
});

test("the registry's port is needed on each node of a class that builds images and has workers", async (t) => {
  const build = { folder: "/class/image", place: { file: "a.yaml", line: 5, column: 10 } };
  const building = (workers: number) => {
    const cluster = classOf(workers);
    Object.assign(cluster.config.servers, { image: build.folder, build });
    return cluster;
  };
  const other = listening("worker1", 20500, "python3");
  t.regex(
    (await found(other, building(1)))[0] ?? "",
    /port 20500 is in use by python3, but the registry of built images needs it/,
  );
  t.is((await found(other)).length, 1);
  for (const ours of ["systemd", "systemd-socket-"])
    t.is((await found(listening("worker1", 20500, ours), building(1))).length, 1);
  t.is((await found(listening("manager", 20500, "python3"), building(0))).length, 1);
});
