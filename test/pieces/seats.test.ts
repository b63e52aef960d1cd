import test from "ava";
import type { Docker } from "../../src/docker/client.js";
import type { Membership } from "../../src/host/facts.js";
import type { Host } from "../../src/host/host.js";
import { seats } from "../../src/pieces/seats.js";
import type { SwarmNode } from "../../src/swarm/nodes.js";
import { classOf, machinesOf, describeSteps } from "../support/class-of.js";
import { twoMachines } from "../support/fakes.js";

type Spec = { users?: string; availability?: string };

const node = (name: string, { users, availability = "active" }: Spec): SwarmNode => ({
  ID: `id-${name}`,
  Version: { Index: 1 },
  Spec: {
    Labels: users === undefined ? {} : { "swarmhub.users": users },
    Role: "worker",
    Availability: availability,
  },
  Description: { Hostname: name },
  Status: { State: "ready", Addr: "" },
});

const plan = (
  workers: number,
  specs: Record<string, Spec>,
  userServers: Record<string, number> = {},
) => {
  const cluster = classOf(workers);
  const of = ({ name }: Host): Membership => ({
    state: "active",
    nodeId: `id-${name}`,
    manages: false,
  });
  const state = {
    machines: machinesOf(cluster, { memory: 4 * 2 ** 30 }),
    members: {
      of,
      nodes: Object.entries(specs).map(([name, spec]) => node(name, spec)),
      swarmClass: "geo-101",
      heartbeat: 20e9,
    },
    userServers: new Map(
      cluster.nodes.flatMap((host) =>
        userServers[host.name] === undefined ? [] : [[host, userServers[host.name]!] as const],
      ),
    ),
  };
  return {
    steps: describeSteps(seats.plan(cluster.config, state, cluster)),
    problems: seats.problems?.(state, cluster) ?? [],
  };
};

const yes = { users: "true" };

test("workers offer their seats, and without workers the manager does", (t) => {
  t.deepEqual(plan(1, { manager: {}, worker1: {} }).steps, [
    "worker1: offer its seats to users (3 seats)",
  ]);
  t.deepEqual(plan(1, {}).steps, ["worker1: offer its seats to users (3 seats)"]);
  t.deepEqual(plan(0, { manager: {} }).steps, ["manager: offer its seats to users (2 seats)"]);
});

test("seats in the wanted state need no step", (t) => {
  t.deepEqual(plan(1, { manager: { users: "false" }, worker1: yes }).steps, []);
  t.deepEqual(plan(0, { manager: yes }).steps, []);
});

test("a paused or drained node, as after an interrupted `leave`, becomes active again", (t) => {
  for (const availability of ["pause", "drain"])
    t.deepEqual(plan(1, { manager: { availability }, worker1: { ...yes, availability } }).steps, [
      "manager: set its availability to active",
      "worker1: offer its seats to users (3 seats)",
    ]);
});

test("a manager that got workers stops offering seats when no user's server runs there", (t) => {
  const specs = { manager: yes, worker1: yes };
  t.deepEqual(plan(1, specs, { manager: 0 }), {
    steps: ["manager: stop offering its seats to users"],
    problems: [],
  });
  const { steps, problems } = plan(1, specs, { manager: 2 });
  t.deepEqual(steps, []);
  t.regex(problems[0] ?? "", /^manager: 2 users' servers still run there, so it keeps its seats/);
});

test("servers are counted only on machines that should offer no seats", async (t) => {
  const asked: string[] = [];
  const docker = (users: Record<string, string>): Partial<Docker> =>
    ({
      info: async () => ({
        Swarm: { LocalNodeState: "active", NodeID: "id-manager", ControlAvailable: true },
      }),
      listNodes: async () =>
        Object.entries(users).map(([name, value]) => node(name, { users: value })),
      swarmInspect: async () => ({ Spec: {} }),
      listServices: async () => [
        {
          ID: "s1",
          Spec: {
            Name: "geo-101-nb-ada",
            Labels: { "swarmhub.class": "geo-101", "swarmhub.user": "ada" },
          },
        },
        { ID: "s2", Spec: { Name: "geo-101-hub", Labels: { "swarmhub.class": "geo-101" } } },
      ],
      listTasks: async ({ filters }: { filters: { node: string[] } }) => {
        asked.push(...filters.node);
        return [{ ServiceID: "s1" }, { ServiceID: "s2" }];
      },
    }) as unknown as Partial<Docker>;
  const look = async (users: Record<string, string>) => {
    const cluster = twoMachines(() => docker(users));
    return [...(await seats.inspect(cluster)).userServers].map(([{ name }, count]) => [
      name,
      count,
    ]);
  };
  t.deepEqual(await look({ manager: "false", worker: "true" }), []);
  t.deepEqual(asked, []);
  t.deepEqual(await look({ manager: "true", worker: "true" }), [["manager", 1]]);
  t.deepEqual(asked, ["id-manager"]);
});
