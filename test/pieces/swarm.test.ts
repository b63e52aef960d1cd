import test, { type ExecutionContext } from "ava";
import { exitCode } from "../../src/errors.js";
import type { Membership } from "../../src/host/facts.js";
import type { Host } from "../../src/host/host.js";
import { paths } from "../../src/paths.js";
import { swarm } from "../../src/pieces/swarm.js";
import type { SwarmNode } from "../../src/swarm/nodes.js";
import { classOf, machinesOf, planError, describeSteps } from "../support/class-of.js";

const out: Membership = { state: "inactive", nodeId: "", manages: false };
const manager: Membership = { state: "active", nodeId: "id-manager", manages: true };
const worker = (name: string): Membership => ({
  state: "active",
  nodeId: `id-${name}`,
  manages: false,
});

const node = (
  name: string,
  changes: Partial<SwarmNode> = {},
  users = name !== "manager",
): SwarmNode => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: {
    Labels: {
      "swarmhub.machine": `machine-id-of-${name}`,
      "swarmhub.host": name,
      "swarmhub.users": String(users),
    },
    Role: "worker",
    Availability: "active",
  },
  Description: { Hostname: name },
  Status: { State: "ready", Addr: "" },
  ...changes,
});

type Have = {
  members?: Record<string, Membership>;
  nodes?: SwarmNode[];
  swarmClass?: string;
  /** The class note of each machine; ours by default, "" for none. */
  notes?: Record<string, string>;
};
const state = (
  cluster: ReturnType<typeof classOf>,
  { members = {}, nodes = [], swarmClass, notes = {} }: Have,
) => {
  const some = Object.fromEntries(
    cluster.hosts.map(({ name }) => {
      const note = notes[name] ?? "geo-101\n";
      return [name, { files: note === "" ? {} : { [paths.classNote]: note } }];
    }),
  );
  return {
    machines: machinesOf(cluster, {}, some),
    members: { of: (host: Host) => members[host.name] ?? out, nodes, swarmClass, heartbeat: 20e9 },
  };
};
const plan = (cluster: ReturnType<typeof classOf>, have: Have) =>
  swarm.plan(cluster.config, state(cluster, have), cluster);
const blank: Have = { notes: { manager: "", worker1: "", worker2: "", server: "" } };

const ours: Have = {
  members: { manager, worker1: worker("worker1"), worker2: worker("worker2") },
  nodes: [node("manager"), node("worker1"), node("worker2")],
  swarmClass: "geo-101",
};

const note = (...hosts: string[]) => hosts.map((host) => `${host}: write /etc/swarmhub/class`);
const init = "manager: initialise the Swarm (on 10.77.0.11, subnets from 10.201.0.0/17)";

test("blank machines form a Swarm, the workers after the manager has initialised it", (t) => {
  const steps = plan(classOf(2), blank);
  t.deepEqual(describeSteps(steps), [
    ...note("manager", "worker1", "worker2"),
    init,
    "worker1: join the Swarm (as 10.77.0.12)",
    "worker2: join the Swarm (as 10.77.0.13)",
    "manager: label the node (as manager)",
    "worker1: label the node (as worker1)",
    "worker2: label the node (as worker2)",
  ]);
  t.deepEqual(steps[4]?.after, [steps[3]]);
});

test("a single machine is a Swarm too", (t) => {
  t.deepEqual(describeSteps(plan(classOf(0), {})), [init, "manager: label the node (as manager)"]);
});

test("a storage server gets the class note but joins no Swarm", (t) => {
  const steps = describeSteps(plan(classOf(1, { server: true }), blank));
  t.deepEqual(
    steps.filter((step) => step.startsWith("server")),
    note("server"),
  );
});

test("a Swarm in the wanted state needs no step", (t) => {
  t.deepEqual(describeSteps(plan(classOf(2), ours)), []);
});

test("a worker outside the Swarm joins", (t) => {
  const have = {
    ...ours,
    members: { ...ours.members, worker2: out },
    nodes: ours.nodes!.slice(0, 2),
  };
  t.deepEqual(describeSteps(plan(classOf(2), have)), [
    "worker2: join the Swarm (as 10.77.0.13)",
    "worker2: label the node (as worker2)",
  ]);
});

/** A cluster whose Docker records the calls. */
const recorded = (workers: number) => {
  const done: string[] = [];
  const nodes = [node("manager", {}, false), node("worker1"), node("worker1", { ID: "before" })];
  const docker = {
    swarmLeave: async () => {
      done.push("leave");
      throw Object.assign(new Error("This node is not part of a swarm"), { statusCode: 503 });
    },
    swarmInit: async () => void done.push("init"),
    swarmInspect: async () => ({ JoinTokens: { Worker: "token" } }),
    swarmJoin: async () => void done.push("join"),
    info: async () => ({ Swarm: { LocalNodeState: "active", NodeID: "id-worker1" } }),
    listNodes: async () => nodes,
    listContainers: async () => [],
    getNode: (id: string) => ({
      update: async () => void done.push(`update ${id}`),
      remove: async () => void done.push(`remove ${id}`),
    }),
  };
  const cluster = classOf(workers, { docker: docker as never });
  const machines = machinesOf(cluster, { units: { "docker.service": "active" } });
  for (const host of cluster.hosts) host.facts = async () => machines(host).facts;
  return { cluster, done };
};

for (const half of ["pending", "error"] as const) {
  test(`a worker whose membership is ${half} leaves and joins`, async (t) => {
    const { cluster, done } = recorded(1);
    const members = { manager, worker1: { state: half, nodeId: "", manages: false } };
    const [join, label] = plan(cluster, { ...ours, members, nodes: [node("manager", {}, false)] });
    t.is(join?.title, "join the Swarm");
    await join?.run(() => {});
    t.deepEqual(done, ["leave", "join"]);
    await label?.run(() => {});
    t.deepEqual(
      done.slice(2),
      ["update id-worker1", "remove before"],
      "and removes the stale entry",
    );
  });

  test(`a manager of ours whose membership is ${half} initialises the Swarm again`, async (t) => {
    const { cluster, done } = recorded(0);
    const have = { members: { manager: { state: half, nodeId: "", manages: false } } };
    const [start] = plan(cluster, have);
    await start?.run(() => {});
    t.deepEqual(done, ["leave", "init"]);
  });
}

const refused = (t: ExecutionContext, workers: number, have: Have) => {
  const error = planError(t, () => plan(classOf(workers), have));
  t.is(error.code, exitCode.preflight);
  return [error.message, error.hint];
};
const leaveByHand = (host: string) => [
  `${host}: the machine is already in another Swarm`,
  `if that Swarm is not needed, on ${host}: \`docker swarm leave --force\``,
];

test("a manager in a foreign Swarm is refused", (t) => {
  t.deepEqual(refused(t, 1, { ...blank, members: { manager } }), leaveByHand("manager"));
  t.deepEqual(refused(t, 1, { members: { manager: worker("manager") } }), leaveByHand("manager"));
});

test("a worker in a foreign Swarm is refused", (t) => {
  const members = { ...ours.members, worker1: { ...worker("worker1"), nodeId: "stranger" } };
  t.deepEqual(refused(t, 2, { ...ours, members, notes: { worker1: "" } }), leaveByHand("worker1"));
});

test("a worker that manages another Swarm is refused, even if it was ours", (t) => {
  const members = { ...ours.members, worker1: { ...manager, nodeId: "stranger" } };
  t.deepEqual(refused(t, 2, { ...ours, members }), leaveByHand("worker1"));
});

test("a worker whose former Swarm of ours is gone joins the new one", (t) => {
  const members = { worker1: worker("worker1") };
  t.deepEqual(describeSteps(plan(classOf(1), { members })), [
    init,
    "worker1: join the Swarm (as 10.77.0.12, leaving its former Swarm)",
    "manager: label the node (as manager)",
    "worker1: label the node (as worker1)",
  ]);
});

const otherClass = (host: string) => [
  `${host}: the machine belongs to the class bio-7, not to geo-101`,
  `remove that class first, with its own configuration: \`swarmhub down\`; if it no longer exists, on ${host}: \`rm /etc/swarmhub/class\``,
];

test("a machine of another class is refused by that class's name, by `up` and by `down`", (t) => {
  const manages = { members: { manager }, swarmClass: "bio-7" };
  t.deepEqual(refused(t, 1, { ...blank, ...manages }), otherClass("manager"));
  t.deepEqual(refused(t, 1, { notes: { worker1: "bio-7\n" } }), otherClass("worker1"));
  const cluster = classOf(1, { server: true });
  const have = state(cluster, { notes: { server: "bio-7\n" } });
  t.is(planError(t, () => swarm.remove(have, cluster)).message, otherClass("server")[0] ?? "");
});

test("changed labels are set again", (t) => {
  const nodes = [
    node("manager"),
    node("worker1"),
    node("worker2", { Spec: { Role: "worker", Availability: "active" } }),
  ];
  t.deepEqual(describeSteps(plan(classOf(2), { ...ours, nodes })), [
    "worker2: label the node (as worker2)",
  ]);
});

test("the stale entry of a node that joined again is removed", (t) => {
  const twin = node("worker1", { ID: "old", Status: { State: "down", Addr: "" } });
  t.deepEqual(describeSteps(plan(classOf(2), { ...ours, nodes: [...ours.nodes!, twin] })), [
    "manager: remove the stale node entry of worker1",
  ]);
});

test("a worker that takes users and is no longer configured is refused and not removed", (t) => {
  const error = planError(t, () => plan(classOf(1), ours));
  t.is(error.message, "worker2: the node takes users' servers but is not in the configuration");
  t.regex(
    error.hint ?? "",
    /^add it to `workers` again, or move its servers and remove it: `swarmhub leave worker2`$/,
  );
});

for (const [what, changed] of [
  ["takes no users", node("worker2", {}, false)],
  ["is down", node("worker2", { Status: { State: "down", Addr: "" } })],
] as const)
  test(`a node that ${what} and is not configured is removed, a foreign one is not`, (t) => {
    const stranger = node("other", { ID: "x", Spec: { Role: "worker", Availability: "active" } });
    const nodes = [...ours.nodes!.slice(0, 2), changed, stranger];
    t.deepEqual(describeSteps(plan(classOf(1), { ...ours, nodes })), [
      "manager: remove worker2 from the Swarm (not in the configuration)",
    ]);
  });

const remove = (cluster: ReturnType<typeof classOf>, have: Have) =>
  swarm.remove(state(cluster, have), cluster);
const forget = (...hosts: string[]) => hosts.map((host) => `${host}: remove /etc/swarmhub/class`);

test("`down` removes the workers from the Swarm, then the manager", (t) => {
  const steps = remove(classOf(2), ours);
  t.deepEqual(describeSteps(steps), [
    "worker1: leave the Swarm",
    "worker2: leave the Swarm",
    "manager: leave the Swarm",
    ...forget("manager", "worker1", "worker2"),
  ]);
  t.deepEqual(steps[2]?.after, steps.slice(0, 2));
});

test("after an interrupted `down` a worker leaves although the manager's Swarm is gone", (t) => {
  const have = { members: { worker2: worker("worker2") }, notes: { manager: "", worker1: "" } };
  t.deepEqual(describeSteps(remove(classOf(2), have)), [
    "worker2: leave the Swarm",
    ...forget("worker2"),
  ]);
});

test("`down` does nothing on blank machines and leaves no foreign Swarm", (t) => {
  t.deepEqual(describeSteps(remove(classOf(1), blank)), []);
  const foreign = {
    members: { manager, worker1: worker("worker1") },
    nodes: [node("manager"), node("worker1")],
  };
  t.deepEqual(describeSteps(remove(classOf(1), { ...blank, ...foreign })), []);
  t.deepEqual(describeSteps(remove(classOf(1), foreign)), forget("manager", "worker1"));
});
