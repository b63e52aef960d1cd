import test from "ava";
import { inspectService } from "../../../src/pieces/shared/service.js";
import { inspectServers, removeServersSteps } from "../../../src/pieces/shared/user-servers.js";
import { inspectMembers } from "../../../src/swarm/nodes.js";
import { runAll, describeSteps } from "../../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../../support/fakes.js";

const running = fakeFacts({ units: { "docker.service": "active" } });
const stopped = fakeFacts({ units: { "docker.service": "failed" } });
const Labels = { "swarmhub.class": "geo-101" };
const manages = { Swarm: { LocalNodeState: "active", NodeID: "m", ControlAvailable: true } };

/** A manager and a worker with a user's server on it, and what is removed there. */
const world = () => {
  const removed: string[] = [];
  let asked = 0;
  let isInUse = true;
  const docker = (host: string, volumes: string[]) => ({
    info: async () => (host === "manager" ? manages : {}),
    listServices: async () => [
      { Spec: { Name: "geo-101-hub", Labels } },
      ...["ada", "bob"].map((user) => ({
        Spec: { Name: `geo-101-nb-${user}`, Labels: { ...Labels, "swarmhub.user": user } },
      })),
      {
        Spec: {
          Name: "other-nb-ada",
          Labels: { "swarmhub.class": "other", "swarmhub.user": "ada" },
        },
      },
    ],
    listVolumes: async () => ({ Volumes: volumes.map((Name) => ({ Name })) }),
    // The wait for the servers' end is the first to ask.
    listContainers: async () => (host === "worker" && asked++ > 0 ? [{ Id: "stray" }] : []),
    getService: (name: string) => ({ remove: async () => void removed.push(`service ${name}`) }),
    getContainer: (id: string) => ({ remove: async () => void removed.push(`${host}: ${id}`) }),
    getVolume: (name: string) => ({
      remove: async () => {
        if (isInUse) {
          isInUse = false;
          throw Object.assign(new Error(`volume is in use - [${name}]`), { statusCode: 409 });
        }
        removed.push(`${host}: ${name}`);
      },
    }),
  });
  const host = (name: string, volumes: string[]) =>
    fakeHost(name, { facts: running, docker: docker(name, volumes) as never });
  return { removed, cluster: fakeCluster(host("manager", []), [host("worker", ["home-ada"])]) };
};

test("users' servers are told from our own services, and volumes are looked for on each node", async (t) => {
  const { cluster } = world();
  const { services, volumes } = await inspectServers(cluster);
  t.deepEqual(services, ["geo-101-nb-ada", "geo-101-nb-bob"]);
  t.deepEqual([...volumes.values()], [[], ["home-ada"]]);
});

test("servers go, then what no service holds any more, then the mounts, also those in use for a moment", async (t) => {
  const { cluster, removed } = world();
  const steps = removeServersSteps(await inspectServers(cluster), cluster);
  t.deepEqual(describeSteps(steps), [
    "manager: stop the servers of 2 users",
    "worker: remove the mounts of homes",
  ]);
  await runAll(steps);
  t.deepEqual(removed, [
    "service geo-101-nb-ada",
    "service geo-101-nb-bob",
    "worker: stray",
    "worker: home-ada",
  ]);
});

test("where Docker does not run there is nothing of it, and nobody asks it", async (t) => {
  const cluster = fakeCluster(fakeHost("manager", { facts: stopped }), [
    fakeHost("worker", { facts: stopped }),
  ]);
  t.deepEqual(removeServersSteps(await inspectServers(cluster), cluster), []);
  t.deepEqual(await inspectService(cluster, "hub", "swarmhub/hub:1"), {
    present: undefined,
    running: false,
    imageId: undefined,
  });
  const members = await inspectMembers(cluster);
  t.like(members, { nodes: [], swarmClass: undefined });
  t.deepEqual(members.of(cluster.manager), { state: "inactive", nodeId: "", manages: false });
});

test("a Swarm's class is read from its label, and its heartbeat", async (t) => {
  const docker = {
    info: async () => manages,
    listNodes: async () => [{ ID: "m" }],
    swarmInspect: async () => ({
      Spec: {
        Labels: { "swarmhub.class": "geo-101" },
        Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
      },
    }),
  };
  const manager = fakeHost("manager", { facts: running, docker });
  const members = await inspectMembers(fakeCluster(manager));
  t.is(members.swarmClass, "geo-101");
  t.is(members.heartbeat, 5e9);
  t.deepEqual(members.of(manager), { state: "active", nodeId: "m", manages: true });
});

test("a service as it is: its spec, whether a task runs, the image that it should have", async (t) => {
  const docker = (is: boolean) => ({
    info: async () => manages,
    listServices: async () => [
      { ID: "other", Spec: { Name: "other-hub", Labels: { "swarmhub.class": "other" } } },
      ...(is ? [hub] : []),
    ],
    listImages: async () => [
      { Id: "sha256:0", RepoTags: null },
      ...(is ? [{ Id: "sha256:1", RepoTags: ["swarmhub/hub:1"] }] : []),
    ],
    listTasks: async ({ filters }: { filters: { node: string[] } }) => [
      { ServiceID: "other", Status: { State: "running" } },
      {
        ServiceID: is ? "s" : "other",
        Status: { State: filters.node[0] === "m" ? "running" : "" },
      },
    ],
  });
  const hub = { ID: "s", Spec: { Name: "geo-101-hub", Labels } };
  const look = (is: boolean) => {
    const manager = fakeHost("manager", { facts: running, docker: docker(is) as never });
    return inspectService(fakeCluster(manager), "hub", "swarmhub/hub:1");
  };
  t.deepEqual(await look(true), {
    present: { Name: "geo-101-hub", Labels },
    running: true,
    imageId: "sha256:1",
    hasFormer: false,
  } as never);
  t.deepEqual(await look(false), {
    present: undefined,
    running: false,
    imageId: undefined,
    hasFormer: false,
  });
});
