import test from "ava";
import { choosePool } from "../../src/cluster/ipv4.js";
import { exitCode } from "../../src/errors.js";
import { cleanup } from "../../src/pieces/cleanup.js";
import { network } from "../../src/pieces/network.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";

const via = (...destinations: string[]) =>
  destinations.map((destination) => ({ destination, device: "eth0" }));

test("the overlay's MTU is that of the smallest interface minus VXLAN's overhead", (t) => {
  const cluster = classOf(1);
  const card = (mtu: number, last: number) => ({
    addresses: [{ device: "eth0", address: `10.77.0.${last}`, prefix: 24, mtu }],
  });
  const machines = machinesOf(cluster, {}, { manager: card(9000, 11), worker1: card(1450, 12) });
  t.deepEqual(
    describeSteps(network.plan(cluster.config, { machines, networks: [], servers: 0 }, cluster)),
    ["manager: create the overlay network geo-101-network (10.201.128.0/23, MTU 1400)"],
  );
});

test("a range that overlaps a wider or narrower route is skipped", (t) => {
  t.deepEqual(choosePool(via("10.201.7.0/24")), {
    pool: "10.223.0.0/17",
    overlay: "10.223.128.0/23",
  });
  t.deepEqual(choosePool(via("10.192.0.0/10")), {
    pool: "172.30.0.0/17",
    overlay: "172.30.128.0/23",
  });
  t.deepEqual(choosePool(via("10.0.0.0/8", "172.30.1.1/32")), {
    pool: "172.22.0.0/17",
    overlay: "172.22.128.0/23",
  });
});

test("Docker's own bridges occupy no range", (t) => {
  const routes = [
    { destination: "10.201.0.0/24", device: "docker_gwbridge" },
    { destination: "10.201.1.0/24", device: "br-0123456789ab" },
  ];
  t.is(choosePool(routes).pool, "10.201.0.0/17");
});

test("machines whose routes leave no range are refused by naming the routes", (t) => {
  const error = planError(t, () => choosePool(via("10.0.0.0/8", "172.16.0.0/12")));
  t.is(
    error.message,
    "no address range is left for the Swarm: each one overlaps a machine's route (10.0.0.0/8, 172.16.0.0/12)",
  );
  t.is(error.code, exitCode.preflight);
});

const existing = {
  Id: "id",
  Name: "geo-101-network",
  Options: { "com.docker.network.driver.mtu": "1450" },
};

test("an existing network needs no step and is removed by `down`", (t) => {
  const cluster = classOf(1);
  const machines = machinesOf(cluster);
  t.deepEqual(
    describeSteps(
      network.plan(cluster.config, { machines, networks: [existing], servers: 0 }, cluster),
    ),
    [],
  );
  t.deepEqual(
    describeSteps(network.remove({ machines, networks: [existing], servers: 0 }, cluster)),
    ["manager: remove the overlay network geo-101-network"],
  );
  t.deepEqual(describeSteps(network.remove({ machines, networks: [], servers: 0 }, cluster)), []);
});

test("a joining machine with a smaller MTU is refused, since the network's MTU cannot change", (t) => {
  const cluster = classOf(1);
  const small = { addresses: [{ device: "eth0", address: "10.77.0.12", prefix: 24, mtu: 1450 }] };
  const machines = machinesOf(cluster, {}, { worker1: small });
  const error = planError(t, () =>
    network.plan(cluster.config, { machines, networks: [existing], servers: 0 }, cluster),
  );
  t.is(
    error.message,
    "worker1: the network interface has an MTU of 1450, but the overlay network was created for 1500: large packets would be dropped",
  );
  t.is(error.code, exitCode.preflight);
});

test("a joining machine with a route into the class's network is refused", (t) => {
  const cluster = classOf(1);
  const present = { ...existing, IPAM: { Config: [{ Subnet: "10.201.128.0/23" }] } };
  const plan = (destination: string, device = "eth1") => {
    const routes = [
      { destination: "default", device: "eth0" },
      { destination, device },
    ];
    const machines = machinesOf(cluster, {}, { worker1: { routes } });
    return network.plan(cluster.config, { machines, networks: [present], servers: 0 }, cluster);
  };
  t.deepEqual(plan("10.202.0.0/16"), []);
  t.deepEqual(plan("10.201.128.0/24", "docker_gwbridge"), []);
  t.is(
    planError(t, () => plan("10.201.0.0/16")).message,
    "worker1: the route to 10.201.0.0/16 overlaps the class's overlay network 10.201.128.0/23, so users' servers would be unreachable",
  );
});

const former = {
  Id: "former",
  Name: "swarmhub",
  Labels: { "swarmhub.class": "geo-101" },
  IPAM: { Config: [{ Subnet: "10.201.128.0/23" }] },
};

test("a network of the former name is replaced by one beside it, and is removed by `down`", (t) => {
  const cluster = classOf(1);
  const machines = machinesOf(cluster);
  t.deepEqual(
    describeSteps(
      network.plan(cluster.config, { machines, networks: [former], servers: 0 }, cluster),
    ),
    ["manager: create the overlay network geo-101-network (10.201.130.0/23, MTU 1450)"],
  );
  const networks = [existing, former];
  t.deepEqual(
    describeSteps(network.plan(cluster.config, { machines, networks, servers: 0 }, cluster)),
    [],
  );
  t.deepEqual(describeSteps(network.remove({ machines, networks, servers: 0 }, cluster)), [
    "manager: remove the overlay network geo-101-network",
    "manager: remove the overlay network swarmhub",
  ]);
  const others = { ...former, Labels: { "swarmhub.class": "other" } };
  t.deepEqual(
    describeSteps(network.remove({ machines, networks: [others], servers: 0 }, cluster)),
    [],
  );
});

test("the network of the former name is removed at the end of `up`, when nothing uses it", (t) => {
  const cluster = classOf(1);
  const have = { own: [], persistent: undefined, pulled: [], oldBuilds: [] };
  const titles = (...networks: object[]) =>
    describeSteps(cleanup.plan(cluster.config, { ...have, networks: networks as never }, cluster));
  t.deepEqual(titles(existing, former), ["manager: remove the overlay network swarmhub"]);
  t.deepEqual(titles(existing), []);
});

test("of 64 networks in one range the next one is in another range", (t) => {
  const overlays = Array.from({ length: 64 }, (_, index) => `10.201.${128 + 2 * index}.0/23`);
  t.is(choosePool([], overlays.slice(0, 63)).overlay, "10.201.254.0/23");
  t.is(choosePool([], overlays).overlay, "10.223.128.0/23");
});

test("a network whose last task has just left is removed as soon as Docker allows it", async (t) => {
  let tries = 0;
  const remove = async () => {
    tries += 1;
    if (tries === 1) throw new Error("network swarmhub has active endpoints");
    if (tries === 2) throw Object.assign(new Error("no such network"), { statusCode: 404 });
  };
  const cluster = classOf(0, { docker: { getNetwork: () => ({ remove }) } as never });
  await runAll(
    network.remove({ machines: machinesOf(cluster), networks: [existing], servers: 0 }, cluster),
  );
  t.is(tries, 2);
});
