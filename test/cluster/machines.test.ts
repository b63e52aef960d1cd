import test from "ava";
import { networkOf, overlap } from "../../src/cluster/ipv4.js";
import { addressesOf } from "../../src/cluster/machines.js";
import { UserError, exitCode } from "../../src/errors.js";
import type { NetworkAddress } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { firewallScript } from "../../src/pieces/firewall/rules.js";
import { firewallWanted } from "../support/firewall-wanted.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

const entry = (device: string, address: string, prefix = 24): NetworkAddress => ({
  device,
  address,
  prefix,
  mtu: 1500,
});
const byDefault = [{ destination: "default", device: "eth0" }];
const interfaces = (...addresses: NetworkAddress[]) => ({ addresses, routes: byDefault });

const addresses = (
  all: Record<string, ReturnType<typeof interfaces>>,
  config: Parameters<typeof fakeCluster>[2] = {},
) => {
  const [manager, ...workers] = Object.keys(all).map((name) => fakeHost(name));
  const cluster = fakeCluster(manager!, workers, config);
  const facts = new Map(cluster.hosts.map((host) => [host, fakeFacts(all[host.name])]));
  return [...addressesOf(cluster, facts)].map(([host, address]) => `${host.name} ${address}`);
};

test("a network that all machines share takes precedence over the default route", (t) => {
  t.deepEqual(
    addresses({
      a: interfaces(entry("eth0", "203.0.113.10"), entry("eth1", "10.0.0.5")),
      b: interfaces(entry("eth0", "198.51.100.7"), entry("eth1", "10.0.0.6")),
    }),
    ["a 10.0.0.5", "b 10.0.0.6"],
  );
});

const on = (device: string, ...destinations: string[]) =>
  destinations.map((destination) => ({ destination, device }));

// As `ip address` and `ip route` of a provider's machines print them.
test("a private network is used before public addresses, on cards with a /32 and a routed network too", (t) => {
  const hetzner = (publicAddress: string, privateAddress: string) => ({
    addresses: [entry("eth0", publicAddress, 32), entry("enp7s0", privateAddress, 32)],
    routes: [...on("eth0", "default", "172.31.1.1"), ...on("enp7s0", "10.0.0.0/16", "10.0.0.1")],
  });
  t.deepEqual(
    addresses({ a: hetzner("192.0.2.10", "10.0.0.2"), b: hetzner("192.0.2.99", "10.0.0.3") }),
    ["a 10.0.0.2", "b 10.0.0.3"],
  );
  const digitalOcean = (publicAddress: string, anchor: string, vpc: string) =>
    interfaces(entry("eth0", publicAddress, 20), entry("eth0", anchor, 16), entry("eth1", vpc, 20));
  t.deepEqual(
    addresses({
      a: digitalOcean("192.0.2.10", "10.19.0.5", "10.114.0.2"),
      b: digitalOcean("192.0.2.11", "10.19.0.6", "10.114.0.3"),
    }),
    ["a 10.114.0.2", "b 10.114.0.3"],
  );
  const withoutVpc = (publicAddress: string, anchor: string) =>
    interfaces(entry("eth0", publicAddress, 20), entry("eth0", anchor, 16));
  t.deepEqual(
    addresses({
      a: withoutVpc("192.0.2.10", "10.19.0.5"),
      b: withoutVpc("198.51.100.7", "10.19.0.6"),
    }),
    ["a 192.0.2.10", "b 198.51.100.7"],
    "an anchor address connects no machines",
  );
  const linode = (publicAddress: string, privateAddress: string) =>
    interfaces(entry("eth0", publicAddress), entry("eth0", privateAddress, 17));
  t.deepEqual(
    addresses({
      a: linode("192.0.2.10", "192.168.130.4"),
      b: linode("192.0.2.11", "192.168.201.9"),
    }),
    ["a 192.168.130.4", "b 192.168.201.9"],
  );
});

test("a class that is up keeps its addresses, and a machine that joins gets one of the same network", (t) => {
  const machine = (publicAddress: string, privateAddress: string, up: boolean) => ({
    ...interfaces(entry("eth0", publicAddress), entry("eth1", privateAddress)),
    files: up
      ? {
          [paths.firewall]: firewallScript(firewallWanted(["192.0.2.10", "192.0.2.11"])),
        }
      : {},
  });
  t.deepEqual(
    addresses({
      a: machine("192.0.2.10", "10.0.0.2", true),
      b: machine("192.0.2.11", "10.0.0.3", true),
      c: machine("192.0.2.12", "10.0.0.4", false),
    }),
    ["a 192.0.2.10", "b 192.0.2.11", "c 192.0.2.12"],
  );
});

test("machines without a shared network use the address of their default route", (t) => {
  t.deepEqual(
    addresses({
      a: interfaces(entry("eth1", "10.0.0.5"), entry("eth0", "203.0.113.10")),
      b: interfaces(entry("eth0", "198.51.100.7")),
    }),
    ["a 203.0.113.10", "b 198.51.100.7"],
  );
});

test("a single machine uses the address of its default route", (t) => {
  t.deepEqual(
    addresses({ a: interfaces(entry("eth1", "10.0.0.5"), entry("eth0", "203.0.113.10")) }),
    ["a 203.0.113.10"],
  );
});

test("Docker's own bridges are ignored", (t) => {
  const bridges = [
    entry("docker0", "172.17.0.1", 16),
    entry("docker_gwbridge", "172.18.0.1", 16),
    entry("br-0123456789ab", "172.19.0.1", 16),
  ];
  t.deepEqual(
    addresses({
      a: interfaces(...bridges, entry("eth0", "203.0.113.10")),
      b: interfaces(...bridges, entry("eth0", "198.51.100.7")),
    }),
    ["a 203.0.113.10", "b 198.51.100.7"],
  );
});

test("a network in which all have the same address is ignored, an own bridge with an address is not", (t) => {
  const libvirt = entry("virbr0", "192.168.122.1");
  t.deepEqual(
    addresses({
      a: interfaces(libvirt, entry("eth0", "203.0.113.10"), entry("br-lan", "10.0.0.5")),
      b: interfaces(libvirt, entry("eth0", "198.51.100.7"), entry("br-lan", "10.0.0.6")),
    }),
    ["a 10.0.0.5", "b 10.0.0.6"],
  );
});

test("a configured address is used", (t) => {
  const config = {
    config: {
      manager: { destination: "a", address: "203.0.113.10" },
      workers: [{ destination: "b" }],
    },
  };
  t.deepEqual(
    addresses(
      {
        a: interfaces(entry("eth0", "203.0.113.10"), entry("eth1", "10.0.0.5")),
        b: interfaces(entry("eth1", "10.0.0.6")),
      },
      config,
    ),
    ["a 203.0.113.10", "b 10.0.0.6"],
  );
});

test("a configured address that the machine lacks is refused by naming its addresses", (t) => {
  const config = { config: { manager: { destination: "a", address: "192.0.2.1" } } };
  const error = t.throws(
    () =>
      addresses(
        { a: interfaces(entry("eth0", "203.0.113.10"), entry("eth1", "10.0.0.5")) },
        config,
      ),
    {
      instanceOf: UserError,
      message:
        "a: no network interface has the address 192.0.2.1 (they have 203.0.113.10, 10.0.0.5)",
    },
  );
  t.is(error?.code, exitCode.preflight);
});

test("a machine without an IPv4 address is refused", (t) => {
  t.throws(() => addresses({ a: interfaces() }), {
    message: "a: there is no IPv4 address that other machines can use",
  });
});

test("a network is identified by its first address", (t) => {
  t.is(networkOf({ address: "10.77.3.200", prefix: 22 }), "10.77.0.0/22");
  t.is(networkOf({ address: "203.0.113.10", prefix: 32 }), "203.0.113.10/32");
  t.is(networkOf({ address: "255.255.255.255", prefix: 1 }), "128.0.0.0/1");
  t.is(networkOf({ address: "10.1.2.3", prefix: 0 }), "0.0.0.0/0");
});

for (const [one, other, answer] of [
  ["10.0.0.0/8", "10.201.0.0/16", true],
  ["10.201.0.0/16", "10.201.255.255", true],
  ["10.201.0.0/16", "10.202.0.0/16", false],
  ["192.168.0.0/24", "192.168.0.128/25", true],
  ["192.168.0.0/25", "192.168.0.128/25", false],
  ["0.0.0.0/0", "203.0.113.10", true],
  ["203.0.113.10", "203.0.113.10/32", true],
] as const)
  test(`${one} and ${other} ${answer ? "overlap" : "do not overlap"}`, (t) => {
    t.is(overlap(one, other), answer);
    t.is(overlap(other, one), answer);
  });
