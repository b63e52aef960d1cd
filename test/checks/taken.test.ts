import test from "ava";
import { taken } from "../../src/checks/taken.js";
import { paths } from "../../src/paths.js";
import type { Facts } from "../../src/facts.js";
import { classOf } from "../pieces/table.js";
import { contextOf, lines } from "./context.js";

/** A class whose machines have something that listens, as `ss` says it. */
const listening = (host: string, port: number, program: string, cluster = classOf(1)) => {
  const users = program === "a program" ? "" : `users:(("${program}",pid=1,fd=3))`;
  for (const each of cluster.hosts)
    each.run = async () =>
      each.name === host ? `LISTEN 0 4096 0.0.0.0:${port} 0.0.0.0:* ${users}\n` : "";
  return cluster;
};
const found = async (
  cluster: ReturnType<typeof classOf>,
  some: Record<string, Partial<Facts>> = {},
): Promise<string[]> => lines(await taken.run(contextOf(cluster, { some })));

test("free doors are said to be free", async (t) => {
  t.deepEqual(await found(listening("", 0, "")), ["ok manager: 80 and 443 free"]);
});

test("without TLS only 80 is needed", async (t) => {
  const cluster = classOf(0, { config: { tls: { kind: "off" } } });
  const said = await found(listening("manager", 443, "apache2", cluster));
  t.deepEqual(said, ["ok manager: 80 free"]);
});

for (const [host, port, program] of [
  ["manager", 443, "apache2"],
  ["manager", 80, "nginx"],
  ["manager", 80, "docker-proxy"],
  ["manager", 2377, "etcd"],
  ["worker1", 7946, "consul"],
  ["manager", 2049, "ganesha.nfsd"],
] as const)
  test(`${program} on port ${port} of ${host} is refused by its name`, async (t) => {
    const said = await found(listening(host, port, program));
    t.true(
      said.some((line) => line.startsWith(`refusal ${host}: port ${port} is taken by ${program};`)),
    );
  });

for (const [host, port, program] of [
  ["worker1", 443, "apache2"],
  ["worker1", 2049, "ganesha.nfsd"],
  ["manager", 2377, "dockerd"],
  ["worker1", 7946, "dockerd"],
  ["manager", 2049, "a program"],
  ["manager", 22, "sshd"],
] as const)
  test(`${program} on port ${port} of ${host} is nobody's business`, async (t) => {
    t.deepEqual(await found(listening(host, port, program)), ["ok manager: 80 and 443 free"]);
  });

test("the class that runs already holds its own doors", async (t) => {
  const some = { manager: { files: { [paths.edgeConfiguration]: "{}" } } };
  t.deepEqual(await found(listening("manager", 443, "docker-proxy"), some), [
    "ok manager: 80 and 443 served by this class",
  ]);
});
