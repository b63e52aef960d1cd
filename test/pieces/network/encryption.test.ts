import test from "ava";
import { network } from "../../../src/pieces/network.js";
import { fakeFacts } from "../../support/fakes.js";
import { classOf, describeSteps, machinesOf, runAll } from "../../support/class-of.js";

const name = "geo-101-network";
const inClear = { Id: "old", Name: name, Options: {} };
const inSecret = { ...inClear, Options: { encrypted: "" } };

const plan = (encrypted: boolean, networks: object[], servers = 0) => {
  const cluster = classOf(1, { config: { swarm: { encrypted } } });
  const have = { machines: machinesOf(cluster), networks: networks as never, servers };
  return describeSteps(network.plan(cluster.config, have, cluster));
};

test("an encrypted overlay network is made with Docker's option, and needs no step then", async (t) => {
  t.deepEqual(plan(true, []), [
    `manager: create the overlay network ${name} (10.201.128.0/23, MTU 1450, encrypted)`,
  ]);
  t.deepEqual(plan(true, [inSecret]), []);
  t.deepEqual(plan(false, [inClear]), []);
  t.deepEqual(plan(false, [{ ...inClear, Options: { encrypted: "false" } }]), []);
});

test("a changed encryption makes the network anew, and the plan says how many servers will stop", (t) => {
  t.deepEqual(plan(true, [inClear], 3), [
    `manager: make the overlay network ${name} anew (encrypted; 3 running servers of users will stop, homes stay; proxy, hub and edge start again)`,
  ]);
  t.deepEqual(plan(false, [inSecret]), [
    `manager: make the overlay network ${name} anew (not encrypted; proxy, hub and edge start again)`,
  ]);
});

test("for a new network our services stop before those of users, and services beside it go on", async (t) => {
  const done: string[] = [];
  const service = (id: string, target: string, labels: object = {}) => ({
    ID: id,
    Spec: {
      Name: id,
      Labels: { "swarmhub.class": "geo-101", ...labels },
      TaskTemplate: { Networks: [{ Target: target }] },
    },
  });
  const all = [
    service("alice", "old", { "swarmhub.user": "alice" }),
    service("hub", "old"),
    service("registry", "host"),
    { ...service("others", "old"), Spec: { ...service("others", "old").Spec, Labels: {} } },
  ];
  const cluster = classOf(1, {
    config: { swarm: { encrypted: true } },
    docker: {
      listServices: async () => all.filter(({ ID }) => !done.includes(`stop ${ID}`)),
      getService: (id: string) => ({ remove: async () => done.push(`stop ${id}`) }),
      listContainers: async ({ filters }: { filters: { label: string[] } }) => {
        done.push(`wait for ${filters.label.join()}`);
        return [];
      },
      getNetwork: (id: string) => ({ remove: async () => done.push(`remove ${id}`) }),
      createNetwork: async ({ Options }: { Options: object }) =>
        done.push(`create ${JSON.stringify(Options)}`),
    } as never,
  });
  const membership = { state: "active", nodeId: "n1", manages: true } as const;
  cluster.manager.facts = async () => fakeFacts({ membership });
  const have = { machines: machinesOf(cluster), networks: [inClear], servers: 1 };
  await runAll(network.plan(cluster.config, have, cluster));
  const label = "com.docker.swarm.service.name";
  t.deepEqual(done, [
    "stop hub",
    `wait for ${label}=hub`,
    "stop alice",
    `wait for ${label}=alice`,
    `wait for ${label}=alice`,
    "remove old",
    'create {"com.docker.network.driver.mtu":"1450","encrypted":""}',
  ]);
});
