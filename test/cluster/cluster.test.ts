import test from "ava";
import { closeCluster, clusterOf, connectCluster } from "../../src/cluster/cluster.js";
import { UnreachableError, exitCode } from "../../src/errors.js";
import { type FakeHost, fakeConfig, fakeFacts, fakeHost, userError } from "../support/fakes.js";

const config = fakeConfig({
  manager: { destination: "a" },
  workers: [{ destination: "b" }, { destination: "c" }],
});
const withServer = { ...config, storage: { ...config.storage, host: { destination: "d" } } };
const none = new Map<string, string>();

const machine = (name: string, machineId = name): FakeHost & { closed: number } => {
  const host = Object.assign(fakeHost(name, { facts: fakeFacts({ machineId }) }), { closed: 0 });
  host.close = async () => void (host.closed += 1);
  return host;
};

test("machines are assigned to their roles", (t) => {
  const hosts = ["a", "b", "c"].map((name) => fakeHost(name));
  const cluster = clusterOf(config, none, hosts);
  const [a, b, c] = hosts;
  t.is(cluster.manager, a!);
  t.is(cluster.storage, a!);
  t.deepEqual(cluster.hosts, [a, b, c]);
  t.deepEqual(cluster.nodes, [a, b, c]);
  t.deepEqual(cluster.seatHosts, [b, c]);
});

test("a separate storage server is a host but not a node", (t) => {
  const hosts = ["a", "b", "c", "d"].map((name) => fakeHost(name));
  const cluster = clusterOf(withServer, none, hosts);
  t.is(cluster.storage, hosts[3]!);
  t.is(cluster.hosts.length, 4);
  t.deepEqual(cluster.nodes, hosts.slice(0, 3));
});

test("without workers the manager takes users", (t) => {
  const alone = fakeHost("a");
  const cluster = clusterOf({ ...config, workers: [] }, none, [alone]);
  t.deepEqual(cluster.seatHosts, [alone]);
  t.deepEqual(cluster.workers, []);
});

test("all unreachable machines are named, and the other connections are closed", async (t) => {
  const a = machine("a");
  const error = await userError(
    connectCluster(config, none, async (name) => {
      if (name === "a") return a;
      throw new UnreachableError(name, "no answer");
    }),
  );
  t.is(error.message, "b: no answer\nc: no answer");
  t.is(error.code, exitCode.unreachable);
  t.is(a.closed, 1);
});

test("two hosts that are the same machine are refused", async (t) => {
  const hosts = [machine("a"), machine("b"), machine("c", "b")];
  const error = await userError(
    connectCluster(config, none, async (name) => hosts.find((host) => host.name === name)!),
  );
  t.is(error.message, "c: this is the same machine as b (both have the machine-id b)");
  t.is(error.code, exitCode.usage);
  t.deepEqual(
    hosts.map(({ closed }) => closed),
    [1, 1, 1],
  );
});

test("all connections of a class are opened and closed", async (t) => {
  const hosts = ["a", "b", "c", "d"].map((name) => machine(name));
  const secrets = new Map([["shared-password", "word"]]);
  const cluster = await connectCluster(withServer, secrets, async (name) =>
    hosts.find((host) => host.name === name)!,
  );
  t.is(cluster.secrets, secrets);
  await closeCluster(cluster);
  t.deepEqual(
    hosts.map(({ closed }) => closed),
    [1, 1, 1, 1],
  );
});
