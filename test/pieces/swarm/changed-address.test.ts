import test from "ava";
import type { Membership } from "../../../src/host/facts.js";
import type { Host } from "../../../src/host/host.js";
import { paths } from "../../../src/paths.js";
import { swarm } from "../../../src/pieces/swarm.js";
import { classOf, describeSteps, machinesOf, runAll } from "../../support/class-of.js";

// classOf and machinesOf give the manager 10.77.0.11 and the workers 10.77.0.12 and 10.77.0.13.
const former = "10.77.0.99";
type Changes = Record<string, Partial<Membership>>;

const members = (changes: Changes): Record<string, Membership> =>
  Object.fromEntries(
    ["manager", "worker1", "worker2"].map((name, index) => [
      name,
      {
        state: "active",
        nodeId: `id-${name}`,
        manages: name === "manager",
        address: `10.77.0.${11 + index}`,
        ...changes[name],
      } as const,
    ]),
  );

const node = (name: string) => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: {
    Labels: {
      "swarmhub.machine": `machine-id-of-${name}`,
      "swarmhub.host": name,
      "swarmhub.users": String(name !== "manager"),
    },
    Role: "worker",
    Availability: "active",
  },
  Description: { Hostname: name },
  Status: { State: "ready", Addr: "" },
});

/** The steps of a class with two workers that runs but for these changes, and what they ask of Docker. */
const planFor = (changes: Changes, isOurs = true) => {
  const done: string[] = [];
  const { manager, ...others } = members(changes);
  const runs = manager?.state === "active";
  const docker = {
    swarmLeave: async () => void done.push("leave"),
    swarmInit: async ({ AdvertiseAddr }: { AdvertiseAddr: string }) =>
      void done.push(`init at ${AdvertiseAddr}`),
    swarmInspect: async () => ({ JoinTokens: { Worker: "token" } }),
    swarmJoin: async ({ AdvertiseAddr, RemoteAddrs }: Record<string, unknown>) =>
      void done.push(`join as ${String(AdvertiseAddr)} at ${String(RemoteAddrs)}`),
    listContainers: async ({ filters }: { filters: { label: string[] } }) => {
      done.push(`list ${filters.label.join(" ")}`);
      return [{ Id: "left" }];
    },
    getContainer: (id: string) => ({ remove: async () => void done.push(`remove ${id}`) }),
    info: async () => ({ Swarm: { LocalNodeState: "active", NodeID: "id-worker1" } }),
    listNodes: async () => [node("manager"), node("worker1"), node("worker2")],
    getNode: () => ({ update: async () => {} }),
  };
  const cluster = classOf(2, { docker: docker as never });
  const files = isOurs ? { [paths.classNote]: "geo-101\n" } : {};
  const machines = machinesOf(cluster, { files, units: { "docker.service": "active" } });
  for (const host of cluster.hosts) host.facts = async () => machines(host).facts;
  const all = { manager: manager!, ...others } as Record<string, Membership>;
  const state = {
    machines,
    members: {
      of: (host: Host) => all[host.name]!,
      nodes: runs ? [node("manager"), node("worker1"), node("worker2")] : [],
      swarmClass: runs ? "geo-101" : undefined,
      heartbeat: 20e9,
    },
  };
  return { steps: () => swarm.plan(cluster.config, state, cluster), done };
};

const anew = `manager: make the Swarm anew (on 10.77.0.11, it was ${former}; running servers stop, homes stay; subnets from 10.201.0.0/17)`;
const label = (...names: string[]) => names.map((name) => `${name}: label the node (as ${name})`);
const again = [
  "worker1: join the Swarm (as 10.77.0.12, leaving its former Swarm)",
  "worker2: join the Swarm (as 10.77.0.13, leaving its former Swarm)",
];

test("a manager with another address after a restart makes the Swarm anew, and its workers follow", async (t) => {
  // What Engine 20.10 says of a manager whose address is gone.
  const { steps, done } = planFor({
    manager: { state: "error", nodeId: "", manages: false, address: former },
  });
  const planned = steps();
  t.deepEqual(describeSteps(planned), [anew, ...again, ...label("manager", "worker1", "worker2")]);
  await runAll(planned.slice(0, 2));
  t.deepEqual(done, [
    "leave",
    "list swarmhub.class=geo-101 com.docker.swarm.service.name",
    "remove left",
    "init at 10.77.0.11",
    "leave",
    "list swarmhub.class=geo-101 com.docker.swarm.service.name",
    "remove left",
    "join as 10.77.0.12 at 10.77.0.11:2377",
  ]);
});

test("so does one whose address changed while Docker ran, without steps for its former nodes", (t) => {
  const { steps } = planFor({ manager: { address: former } });
  t.deepEqual(describeSteps(steps()), [anew, ...again, ...label("manager", "worker1", "worker2")]);
});

test("a worker with another address joins again, is labelled anew, and the others stay", async (t) => {
  const { steps, done } = planFor({ worker1: { address: former } });
  const planned = steps();
  t.deepEqual(describeSteps(planned), [
    `worker1: join the Swarm (as 10.77.0.12, it was ${former}; its running servers stop)`,
    ...label("worker1"),
  ]);
  await planned[0]?.run(() => {});
  t.deepEqual([done[0], done.at(-1)], ["leave", "join as 10.77.0.12 at 10.77.0.11:2377"]);
});

test("an address that Docker does not say is not taken for a changed one", (t) => {
  const { steps } = planFor({ manager: { address: undefined as never } });
  t.deepEqual(describeSteps(steps()), []);
});

test("a Swarm of somebody else at another address is not made anew", (t) => {
  const { steps } = planFor(
    { manager: { state: "error", nodeId: "", manages: false, address: former } },
    false,
  );
  t.throws(steps, { message: "manager: the machine is already in another Swarm" });
});
