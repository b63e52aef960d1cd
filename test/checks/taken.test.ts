import test from "ava";
import { taken } from "../../src/checks/taken.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../pieces/table.js";
import { contextOf, lines } from "./context.js";

const listening = (port: number, program: string) => ({ listening: [{ port, program }] });
const found = async (
  some: Parameters<typeof contextOf>[1] = {},
  cluster = classOf(1),
): Promise<string[]> => lines(await taken.run(contextOf(cluster, some)));

test("free doors are said to be free", async (t) => {
  t.deepEqual(await found(), ["ok manager: 80 and 443 free"]);
});

test("without TLS only 80 is needed", async (t) => {
  const cluster = classOf(0, { config: { tls: { kind: "off" } } });
  const said = await found({ facts: listening(443, "apache2") }, cluster);
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
    const said = await found({ some: { [host]: listening(port, program) } });
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
    t.deepEqual(await found({ some: { [host]: listening(port, program) } }), [
      "ok manager: 80 and 443 free",
    ]);
  });

test("the class that runs already holds its own doors", async (t) => {
  const some = {
    manager: {
      ...listening(443, "docker-proxy"),
      files: { [paths.edgeConfiguration]: "{}" },
    },
  };
  t.deepEqual(await found({ some }), ["ok manager: 80 and 443 served by this class"]);
});
