import test from "ava";
import type { Config } from "../../src/config/types.js";
import { paths } from "../../src/paths.js";
import { edge } from "../../src/pieces/edge.js";
import { hub } from "../../src/pieces/hub.js";
import { hubConfiguration } from "../../src/pieces/hub/settings.js";
import { proxy } from "../../src/pieces/proxy.js";
import type { ServiceState } from "../../src/pieces/shared/service.js";
import { classOf, machinesOf, runAll, describeSteps } from "../support/class-of.js";
import { statusText } from "../tls/support/assert-problem.js";

const secrets = [
  "proxy-token",
  "edge-token",
  "shared-password",
  "admin-password",
  "teacher-password",
];
const secretHashes = Object.fromEntries(secrets.map((name) => [name, `hash of ${name}`]));
const absent: ServiceState = { present: undefined, running: false, imageId: "sha256:1" };
const userImages = [
  {
    image: "quay.io/jupyter/scipy-notebook:2026-11-02",
    reference: "quay.io/jupyter/scipy-notebook:2026-11-02",
    wanted: "quay.io/jupyter/scipy-notebook@sha256:0",
    size: undefined,
    isOn: () => true,
  },
  { image: "r:1", reference: "r:1", wanted: "r@sha256:1", size: undefined, isOn: () => true },
];
const noServers = { services: [], volumes: new Map() };
type Cluster = ReturnType<typeof classOf>;
type Changes = Parameters<typeof machinesOf>[1];

/** Each service with the rest of its inspected state. */
const all = {
  proxy: {
    piece: proxy,
    state: [],
    removed: [],
    last: [],
    have: (cluster: Cluster, service: ServiceState, changes: Changes = {}) => ({
      machines: machinesOf(cluster, { secretHashes, ...changes }),
      image: "swarmhub/proxy:1",
      service,
    }),
  },
  hub: {
    piece: hub,
    state: ["hub"],
    removed: [paths.hubConfiguration, "the hub's database"],
    last: [],
    have: (cluster: Cluster, service: ServiceState, changes: Changes = {}) => ({
      machines: machinesOf(cluster, { secretHashes, ...changes }),
      image: "swarmhub/hub:1",
      userImages,
      servers: noServers,
      addressedServers: [],
      files: { wanted: [], stored: [] },
      service,
    }),
  },
  edge: {
    piece: edge,
    state: ["certificates"],
    removed: [paths.edgeConfiguration, "the certificates"],
    last: ["manager: wait until the edge serves a self-signed certificate"],
    have: (cluster: Cluster, service: ServiceState, changes: Changes = {}) => ({
      machines: machinesOf(cluster, changes),
      image: "swarmhub/edge:1",
      service,
      givenFiles: { files: [], warnings: [] },
      now: new Date(),
    }),
  },
};
type Name = keyof typeof all;
const names = Object.keys(all) as Name[];

const steps = (name: Name, cluster: Cluster, service: ServiceState, changes: Changes = {}) => {
  const { piece, have, state } = all[name];
  // An existing service has its folder too.
  const facts = { state: service.present === undefined ? [] : state, ...changes };
  return piece.plan(cluster.config, have(cluster, service, facts) as never, cluster);
};

/** The edge's status when it serves by its settings. */
const served = statusText({ kind: "self-signed", wanted: "self-signed" });

/** The content that a script of fileSteps writes, if it has no quotes. */
const writtenBy = (script: string): string => /printf %s '([^']*)'/.exec(script)?.[1] ?? "";

/** The service in Docker after a plan has run, and the files that the plan wrote. */
const applied = async (name: Name, options: Parameters<typeof classOf>[1] = {}) => {
  let spec: unknown;
  let settings: string | undefined;
  const docker = {
    getImage: () => ({ inspect: async () => ({ Id: "sha256:1" }) }),
    getNetwork: () => ({ inspect: async () => ({ Id: "network-id" }) }),
    createService: async (given: unknown) => void (spec = given),
    listTasks: async () => [
      {
        ID: "task",
        CreatedAt: "2026-11-21T00:00:00Z",
        DesiredState: "running",
        Spec: (spec as { TaskTemplate: object }).TaskTemplate,
        Status: { State: "running", ContainerStatus: { ContainerID: "c" } },
      },
    ],
  };
  const cluster = classOf(1, {
    answers: [
      ["docker exec c", ""],
      ["install -d -m 700", ""],
      [/status\.json/, served],
      [/edge\/settings\.json/, (script) => ((settings = writtenBy(script)), "")],
    ],
    docker: docker as never,
    ...options,
  });
  await runAll(steps(name, cluster, absent));
  const files: Record<string, string> = {
    ...Object.fromEntries(cluster.manager.files),
    ...(settings !== undefined && { [paths.edgeConfiguration]: settings }),
  };
  const present: ServiceState = {
    present: structuredClone(spec) as never,
    running: true,
    imageId: "sha256:1",
  };
  return { cluster, files, present };
};

test("a missing service is started after its files are written", (t) => {
  const cluster = classOf(1);
  const titles = (name: Name) => describeSteps(steps(name, cluster, absent));
  t.deepEqual(titles("proxy"), ["manager: start the service proxy"]);
  t.deepEqual(titles("hub"), [
    "manager: write /etc/swarmhub/hub.json",
    "manager: create the folder for the hub's database",
    "manager: start the service hub",
  ]);
  t.deepEqual(titles("edge"), [
    "manager: create the folder for certificates",
    "manager: write /etc/swarmhub/edge/settings.json",
    "manager: start the service edge",
    "manager: wait until the edge serves a self-signed certificate",
  ]);
});

const pause = "; logins pause for about half a minute, running servers go on";
for (const name of names) {
  test(`${name}: a second run has nothing to do`, async (t) => {
    const { cluster, files, present } = await applied(name);
    t.deepEqual(describeSteps(steps(name, cluster, present, { files })), []);
  });

  test(`${name}: another image is an update`, async (t) => {
    const { cluster, files, present } = await applied(name);
    const detail = `TaskTemplate.ContainerSpec.Image${name === "hub" ? pause : ""}`;
    t.deepEqual(
      describeSteps(steps(name, cluster, { ...present, imageId: "sha256:2" }, { files })),
      [`manager: update the service ${name} (${detail})`, ...all[name].last],
    );
  });

  test(`${name}: a service in the wanted state that does not run is waited for`, async (t) => {
    const { cluster, files, present } = await applied(name);
    t.deepEqual(describeSteps(steps(name, cluster, { ...present, running: false }, { files })), [
      `manager: wait for the service ${name} to run`,
      ...all[name].last,
    ]);
  });

  test(`${name}: a manual change is reverted`, async (t) => {
    const { cluster, files, present } = await applied(name);
    present.present!.Mode!.Replicated.Replicas = 0;
    t.deepEqual(describeSteps(steps(name, cluster, present, { files })), [
      `manager: update the service ${name} (Mode.Replicated.Replicas)`,
      ...all[name].last,
    ]);
  });

  test(`${name}: \`down\` stops the service and removes its files, and does nothing without them`, async (t) => {
    const { cluster, files, present } = await applied(name);
    const { piece, have, state, removed } = all[name];
    const remove = (service: ServiceState, changes: Changes) =>
      describeSteps(piece.remove(have(cluster, service, changes) as never, cluster));
    t.deepEqual(remove(absent, {}), []);
    const rest = removed.map((each) => `manager: remove ${each}`);
    t.deepEqual(remove(present, { files, state }), [`manager: stop the service ${name}`, ...rest]);
    t.deepEqual(remove(absent, { files, state }), rest);
  });
}

test("a service restarts when a secret that it reads changes", async (t) => {
  const secretHash = (secret: string) => ({ ...secretHashes, [secret]: "other" });
  for (const name of names) {
    const { cluster, files, present } = await applied(name);
    const changes = { files, secretHashes: secretHash("edge-token") };
    const [first] = describeSteps(steps(name, cluster, present, changes));
    t.regex(first ?? "", /update the service \w+ \(TaskTemplate.ContainerSpec.Labels.swarmhub/);
  }
  const { cluster, files, present } = await applied("proxy");
  const other = secretHash("shared-password");
  t.deepEqual(steps("proxy", cluster, present, { files, secretHashes: other }), []);
});

const changes: [string, Name, (config: Config) => void][] = [
  ["admins", "hub", ({ login }) => void (login.admins = [])],
  ["what admins may do", "hub", ({ login }) => void (login.adminsMayEnter = true)],
  ["the time that a login lasts", "hub", ({ login }) => void (login.remember = 7_200_000 as never)],
];
for (const [what, name, change] of changes)
  test(`another value for ${what} is written and restarts the ${name}`, async (t) => {
    const { cluster, files, present } = await applied(name);
    change(cluster.config);
    t.deepEqual(describeSteps(steps(name, cluster, present, { files })), [
      `manager: write /etc/swarmhub/${name}.json`,
      `manager: update the service ${name} (TaskTemplate.ContainerSpec.Labels.swarmhub.files${pause})`,
    ]);
  });

test("hub.json has each choice of image by its digest, and the first choice as default", (t) => {
  const cluster = classOf(1);
  const { servers } = cluster.config;
  const choice = (name: string, image: string, cpu: number) => ({
    name,
    description: "",
    image,
    memory: servers.memory,
    cpu,
  });
  const r = choice("R", "r:1", 2);
  const python = choice("Python", servers.image, 1);
  cluster.config.servers = { ...servers, image: "r:1", images: [r, python] };
  const { content } = hubConfiguration(cluster.config, machinesOf(cluster), userImages, cluster);
  const { image, cpu, images } = JSON.parse(content) as Record<string, unknown>;
  t.deepEqual([image, cpu], ["r@sha256:1", 2]);
  t.deepEqual(images, [
    { ...r, image: "r@sha256:1" },
    { ...python, image: "quay.io/jupyter/scipy-notebook@sha256:0" },
  ]);
});

/** The hub's state where these services and volumes are left of the former names. */
const formerState = (
  cluster: Cluster,
  hasFormer: boolean,
  services: string[],
  volumes: string[],
) => ({
  ...all.hub.have(cluster, { ...absent, hasFormer }, { state: ["hub"] }),
  servers: { services, volumes: new Map([[cluster.workers[0]!, volumes]]) },
});

// What an `up` finds that has not begun, and that was killed after each of its steps.
for (const [what, hasFormer, services, volumes, expected] of [
  ["nothing", false, [], [], []],
  [
    "all",
    true,
    ["nb-ada", "nb-bob"],
    ["swarmhub-home-ada-01234567", "swarmhub-storage-01234567"],
    [
      "manager: stop the service hub of the former name",
      "manager: stop 2 servers that run under their former names",
      "worker1: remove the former mounts of homes",
    ],
  ],
  [
    "a server and its mount",
    false,
    ["nb-ada", "geo-101-nb-bob"],
    ["swarmhub-home-ada-01234567"],
    [
      "manager: stop the server that runs under its former name",
      "worker1: remove the former mounts of homes",
    ],
  ],
  [
    "a mount",
    false,
    ["geo-101-nb-ada"],
    ["swarmhub-home-ada-01234567", "swarmhub-geo-101-home-ada-01234567"],
    ["worker1: remove the former mounts of homes"],
  ],
] as const)
  test(`the hub starts once of the former names ${what} is gone`, (t) => {
    const cluster = classOf(1);
    const have = formerState(cluster, hasFormer, [...services], [...volumes]);
    t.deepEqual(describeSteps(hub.plan(cluster.config, have as never, cluster)), [
      "manager: write /etc/swarmhub/hub.json",
      ...expected,
      "manager: start the service hub",
    ]);
  });

test("servers and mounts of former names are removed by their names, and no present one is", async (t) => {
  const removed: string[] = [];
  const docker = {
    getService: (name: string) => ({ remove: async () => void removed.push(name) }),
    getVolume: (name: string) => ({ remove: async () => void removed.push(name) }),
    listContainers: async () => [],
  };
  const cluster = classOf(1, { docker: docker as never });
  const present = ["geo-101-nb-bob", "swarmhub-geo-101-home-bob-01234567"];
  const have = formerState(
    cluster,
    true,
    ["nb-ada", present[0]!],
    ["swarmhub-home-ada-01234567", present[1]!],
  );
  await runAll(hub.plan(cluster.config, have, cluster).slice(1, -1));
  t.deepEqual(removed, ["hub", "nb-ada", "swarmhub-home-ada-01234567"]);
});

for (const name of ["proxy", "edge"] as const)
  test(`${name}: the service of the former name is stopped first, by \`down\` too`, async (t) => {
    const cluster = classOf(1);
    const former = { ...absent, hasFormer: true };
    const titles = describeSteps(steps(name, cluster, former));
    const at = titles.indexOf(`manager: stop the service ${name} of the former name`);
    t.true(at >= 0);
    t.is(titles[at + 1], `manager: start the service ${name}`);
    const { present, files } = await applied(name);
    t.is(
      describeSteps(steps(name, cluster, { ...present, hasFormer: true }, { files }))[0],
      `manager: stop the service ${name} of the former name`,
    );
    const { piece, have } = all[name];
    t.deepEqual(describeSteps(piece.remove(have(cluster, former) as never, cluster)), [
      `manager: stop the service ${name} of the former name`,
    ]);
  });

test("`down` stops the hub, then the users' servers, then removes the mounts of homes", (t) => {
  const cluster = classOf(2);
  const [one, two] = cluster.workers;
  const servers = {
    services: ["geo-101-nb-ada", "geo-101-nb-bob"],
    volumes: new Map([
      [one, ["a", "b"]],
      [two, []],
    ]),
  };
  const have = all.hub.have(cluster, { ...absent, present: {} });
  const plan = hub.remove({ ...have, servers } as never, cluster);
  t.deepEqual(describeSteps(plan), [
    "manager: stop the service hub",
    "manager: stop the servers of 2 users",
    "worker1: remove the mounts of homes",
  ]);
  t.deepEqual(plan[2]?.after, [plan[1]]);
});
