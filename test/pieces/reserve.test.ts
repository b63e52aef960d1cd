import test from "ava";
import { reserved, seatMemory, seatsOn } from "../../src/cluster/seats.js";
import { reserve } from "../../src/pieces/reserve.js";
import { classOf, describeSteps, runAll } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

const image = "quay.io/jupyter/scipy-notebook@sha256:0";
type Present = Parameters<typeof reserve.remove>[0]["present"];

/** The services in Docker after the steps that create them have run. */
const created = async () => {
  const specs: { Name: string; TaskTemplate: Record<string, unknown> }[] = [];
  const docker = { createService: async (spec: never) => void specs.push(spec) };
  const cluster = classOf(2, { docker: docker as never });
  await runAll(reserve.plan(cluster.config, { present: [], image }, cluster));
  return specs.map((Spec) => ({ ID: `id of ${Spec.Name}`, Spec }));
};

const titles = (present: Present, of: string | undefined) => {
  const cluster = classOf(2);
  return describeSteps(reserve.plan(cluster.config, { present, image: of }, cluster));
};

test("memory is reserved on each machine that takes users, and more on a manager that does", async (t) => {
  t.deepEqual(titles([], image), [
    "manager: reserve 512 MB of memory (on each machine that takes users, for its system)",
    "manager: reserve 768 MB of memory (on a manager that takes users, for the hub and the proxy)",
  ]);
  const [system, hubAndProxy] = await created();
  const users = "node.labels.swarmhub.users==true";
  t.like(system?.Spec, {
    Name: "geo-101-reserve",
    Mode: { Global: {} },
    TaskTemplate: {
      Placement: { Constraints: [users] },
      Resources: { Reservations: { MemoryBytes: reserved.system } },
      ContainerSpec: { Image: image, Command: ["sleep", "infinity"], User: "65534:65534" },
    },
  });
  t.like(hubAndProxy?.Spec, {
    Name: "geo-101-reserve-hub",
    TaskTemplate: {
      Placement: { Constraints: [users, "node.role==manager"] },
      Resources: { Reservations: { MemoryBytes: reserved.hubAndProxy } },
    },
  });
});

test("what is reserved is what the number of seats is counted without", (t) => {
  const { config } = classOf(1);
  const seat = seatMemory(config.servers);
  const { system, hubAndProxy } = reserved;
  t.deepEqual(
    [seatsOn(3 * seat + system, config, false), seatsOn(3 * seat + system - 1, config, false)],
    [3, 2],
  );
  const all = system + hubAndProxy;
  t.deepEqual(
    [seatsOn(3 * seat + all, config, true), seatsOn(3 * seat + all - 1, config, true)],
    [3, 2],
  );
});

test("a second run reserves nothing, and another image is an update", async (t) => {
  const present = await created();
  t.deepEqual(titles(present, image), []);
  t.deepEqual(titles(present, "other@sha256:1"), [
    "manager: reserve 512 MB of memory (TaskTemplate.ContainerSpec.Image)",
    "manager: reserve 768 MB of memory (TaskTemplate.ContainerSpec.Image)",
  ]);
  t.deepEqual(titles(present, undefined), [], "a broken build folder is the hub's error");
});

test("after an update the containers with the former image are removed from each machine", async (t) => {
  const present = (await created()).slice(0, 1);
  const done: string[] = [];
  const containers = [
    [
      { Id: "old", State: "running", Image: image },
      { Id: "new", State: "created", Image: "other@sha256:1" },
    ],
    [
      { Id: "old", State: "exited", Image: image },
      { Id: "new", State: "running", Image: "other@sha256:1" },
    ],
    [{ Id: "new", State: "running", Image: "other@sha256:1" }],
  ];
  const docker = {
    getService: () => ({
      inspect: async () => ({ Version: { Index: 1 } }),
      update: async () => void done.push("update"),
    }),
    listContainers: async () => containers.shift(),
    getContainer: (id: string) => ({ remove: async () => void done.push(`remove ${id}`) }),
  };
  const cluster = fakeCluster(fakeHost("manager", { docker: docker as never }), []);
  const [step] = reserve.plan(cluster.config, { present, image: "other@sha256:1" }, cluster);
  await runAll([step!]);
  t.deepEqual(done, ["update", "remove old"]);
});

test("reserved memory is given back before Docker goes, and no container is left on any machine", async (t) => {
  const present = (await created()).slice(0, 1);
  const done: string[] = [];
  const docker = {
    getService: (id: string) => ({ remove: async () => void done.push(`remove ${id}`) }),
    listContainers: async ({ filters }: { filters: { label: string[] } }) => {
      done.push(`list ${filters.label.join()}`);
      return [];
    },
  };
  const facts = fakeFacts({ units: { "docker.service": "active" } });
  const host = (name: string) => fakeHost(name, { docker: docker as never, facts });
  const cluster = fakeCluster(host("manager"), [host("worker")]);
  const steps = reserve.remove({ present, image }, cluster);
  t.deepEqual(describeSteps(steps), ["manager: stop reserving memory"]);
  await runAll(steps);
  const list = "list com.docker.swarm.service.name=geo-101-reserve";
  t.deepEqual(done, ["remove id of geo-101-reserve", list, list]);
  t.deepEqual(describeSteps(reserve.remove({ present: [], image }, cluster)), []);
});
