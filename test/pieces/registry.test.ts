import test from "ava";
import { UserError } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import type { Host } from "../../src/host/host.js";
import { inspectUserImages } from "../../src/images/built.js";
import { inspectOtherImages } from "../../src/images/own.js";
import { type UserImage, listPulled } from "../../src/images/pulled.js";
import { builtRepository, unfinishedName } from "../../src/names.js";
import { paths } from "../../src/paths.js";
import { inspectOldBuilds, oldBuildSteps } from "../../src/pieces/cleanup/images.js";
import { images } from "../../src/pieces/images.js";
import { registry } from "../../src/pieces/registry.js";
import { relaySteps } from "../../src/pieces/registry/relay.js";
import type { ServiceState } from "../../src/pieces/shared/service.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

const hash = "0123456789abcdef";
const digest = `sha256:${"1".repeat(64)}`;
const from = { hash, bytes: 2048, files: 3, bases: [], context: async () => Buffer.from("") };
type BuildStatus = NonNullable<UserImage["built"]>;
const notebook = (state: Partial<BuildStatus>, ...hosts: string[]) => ({
  image: "/class/image",
  reference: `${builtRepository}:${hash}`,
  wanted: `${builtRepository}@${digest}`,
  size: undefined,
  isOn: (host: Host) => hosts.includes(host.name),
  built: { folder: "/class/image", from, isBuilt: true, isPushed: true, ...state },
});
const absent: ServiceState = { present: undefined, running: false, imageId: "sha256:1" };
const plan = (
  workers: number,
  each: ReturnType<typeof notebook>,
  { isNeeded = true, service = absent, state = [] as string[] } = {},
) => {
  const cluster = classOf(workers);
  const machines = machinesOf(cluster, { state });
  const have = { machines, userImages: [each], image: "swarmhub/registry:1", service, isNeeded };
  return { steps: registry.plan(cluster.config, have, cluster), cluster, have };
};

const relayOn = (host: string) => [
  `${host}: start its relay to the registry (from 127.0.0.1:20500 to 10.77.0.11)`,
];

test("the registry starts, the image is pushed once, and each worker pulls it through its own relay", (t) => {
  const { steps } = plan(2, notebook({ isPushed: false }));
  t.deepEqual(describeSteps(steps), [
    "manager: create the folder for the registry's images",
    "manager: start the service registry",
    ...relayOn("manager"),
    "manager: push the image of /class/image to the registry",
    ...["worker1", "worker2"].flatMap(relayOn),
    "worker1: pull the image of /class/image",
    "worker2: pull the image of /class/image",
  ]);
  const [push] = steps.filter(({ title }) => title.startsWith("push"));
  for (const step of steps.filter(({ title }) => title.startsWith("pull")))
    t.deepEqual(step.after, [push]);
});

test("the registry listens at the manager's internal address only", (t) => {
  const changes = (listen: string) => {
    const Env = [`REGISTRY_HTTP_ADDR=${listen}:20500`];
    const present = { TaskTemplate: { ContainerSpec: { Env } } } as never;
    const { steps } = plan(1, notebook({}), { service: { ...absent, present } });
    return steps.find(({ title }) => title === "update the service registry")?.detail ?? "";
  };
  t.regex(changes(""), /ContainerSpec\.Env/);
  t.notRegex(changes("10.77.0.11"), /ContainerSpec\.Env/);
});

test("a machine with the image needs no step, and one that joined pulls the pushed image", (t) => {
  const { steps } = plan(2, notebook({}, "worker1"), { state: ["registry"] });
  t.deepEqual(
    describeSteps(steps).filter((each) => /push|pull/.test(each)),
    ["worker2: pull the image of /class/image"],
  );
});

test("an unneeded registry is removed", (t) => {
  const present = { ...absent, present: { Name: "geo-101-registry" } };
  const { steps } = plan(1, notebook({}), {
    isNeeded: false,
    service: present,
    state: ["registry"],
  });
  t.deepEqual(describeSteps(steps), [
    "manager: stop the service registry",
    "manager: remove the registry's images",
  ]);
  t.deepEqual(describeSteps(plan(1, notebook({}), { isNeeded: false }).steps), []);
});

test("`down` removes the relays first", (t) => {
  const { cluster, have } = plan(1, notebook({}), {
    service: { ...absent, present: { Name: "geo-101-registry" } },
    state: ["registry"],
  });
  const files = { [paths.registrySocket]: "", [paths.registryRelay]: "" };
  const machines = machinesOf(cluster, { state: ["registry"] }, { worker1: { files } });
  t.deepEqual(describeSteps(registry.remove({ ...have, machines }, cluster)), [
    "worker1: remove its relay to the registry",
    "manager: stop the service registry",
    "manager: remove the registry's images",
  ]);
});

test("an active relay needs no step, and one to a former address is restarted with its new unit", async (t) => {
  const host = fakeHost("worker1", { answers: [[/./, ""]] });
  const planned = (address: string, facts: Partial<Facts>) =>
    relaySteps(host, fakeFacts(facts), address);
  const [step] = planned("10.0.0.1", {});
  await step?.run(() => {});
  t.regex(host.asked[0] ?? "", /10\.0\.0\.1:20500[^]*systemctl restart swarmhub-registry\.socket/);
  const unit = /printf %s '(# Written by swarmhub[^']*)'/g;
  const contents = [...(host.asked[0] ?? "").matchAll(unit)].map(([, text = ""]) => text);
  const files = {
    [paths.registrySocket]: contents[0] ?? "",
    [paths.registryRelay]: contents[1] ?? "",
  };
  const units = { "swarmhub-registry.socket": "active" };
  t.deepEqual(planned("10.0.0.1", { files, units }), []);
  t.is(planned("10.0.0.1", { files }).length, 1);
  t.is(planned("10.0.0.2", { files, units }).length, 1);
});

test("the image is built before the push, and an unreadable folder stops the plan but not `down`", (t) => {
  const cluster = classOf(1);
  const have = (state: Partial<BuildStatus>) => ({
    machines: machinesOf(cluster),
    own: [],
    pulled: [],
    otherImages: new Map([[cluster.workers[0]!, ["sha256:1"]]]),
    userImages: [notebook(state)],
  });
  t.deepEqual(describeSteps(images.plan(cluster.config, have({ isBuilt: false }), cluster)), [
    "manager: build the image of /class/image (3 files and folders, 2 KB)",
  ]);
  t.deepEqual(describeSteps(images.plan(cluster.config, have({}), cluster)), []);
  const made = { dockerfile: "", from: ["apt.txt", "requirements.txt"] };
  const withMade = have({ isBuilt: false, from: { ...from, made } });
  t.regex(
    describeSteps(images.plan(cluster.config, withMade, cluster))[0] ?? "",
    /2 KB, with a Dockerfile made from apt.txt and requirements.txt\)$/,
  );
  const refusal = new UserError("line 7: RUN --mount needs BuildKit");
  const refused = have({ isBuilt: false, refusal });
  t.is(
    planError(t, () => images.plan(cluster.config, refused, cluster)),
    refusal,
  );
  const wrong = have({ from: new UserError("a.yaml:1:1  build is gone") });
  t.is(
    planError(t, () => images.plan(cluster.config, wrong, cluster)).message,
    "a.yaml:1:1  build is gone",
  );
  t.deepEqual(describeSteps(images.remove(wrong, cluster)), [
    "worker1: remove images built by swarmhub",
  ]);
});

test("on a single machine the image is named by its id, and no registry is asked", async (t) => {
  const docker = { getImage: () => ({ inspect: async () => ({ Id: "sha256:7", Size: 5 }) }) };
  const facts = fakeFacts({ units: { "docker.service": "active" } });
  const cluster = fakeCluster(fakeHost("manager", { facts, docker: docker as never }));
  const inspect = (folder: string) => {
    const build = { folder, place: { file: "a", line: 1, column: 1 } };
    Object.assign(cluster.config.servers, { image: folder, build });
    return inspectUserImages(cluster);
  };
  const [missing, ...others] = await inspect("test/lab");
  t.is(missing?.wanted, "test/lab", "there is no Dockerfile");
  t.false(missing?.isOn(cluster.manager));
  t.deepEqual(others, []);
  const [built] = await inspect("scripts/lab.d/notebook");
  t.is(built?.wanted, "sha256:7");
  t.true(built?.isOn(cluster.manager));
});

test("an outdated build is removed from registry and manager when no user's server runs it", async (t) => {
  const tags = (...names: string[]) => names.map((name) => `${builtRepository}:${name.repeat(16)}`);
  const listed = [
    { Id: "sha256:a", RepoTags: tags("a") },
    { Id: "sha256:b", RepoTags: tags("b"), RepoDigests: [`${builtRepository}@${digest}`] },
    { Id: "sha256:c", RepoTags: tags("c") },
    { Id: "sha256:d", RepoTags: ["somebody/else:1"] },
  ];
  const removed: string[] = [];
  const Labels = { "swarmhub.class": "geo-101" };
  const docker = {
    info: async () => ({
      Swarm: { LocalNodeState: "active", NodeID: "m", ControlAvailable: true },
    }),
    listImages: async () => listed,
    listContainers: async () => [],
    listServices: async () => [
      {
        ID: "1",
        Spec: {
          Name: "geo-101-nb-ada",
          Labels: { ...Labels, "swarmhub.user": "ada" },
          TaskTemplate: { ContainerSpec: { Image: `${builtRepository}@${digest}` } },
        },
      },
    ],
    getImage: (name: string) => ({ remove: async () => void removed.push(name) }),
  };
  const scripts: string[] = [];
  const manager = fakeHost("manager", {
    facts: fakeFacts({ units: { "docker.service": "active" }, membership: undefined }),
    docker: docker as never,
    answers: [[/./, (text) => (scripts.push(text), "")]],
  });
  const cluster = fakeCluster(manager, [fakeHost("worker1")]);
  const old = await inspectOldBuilds(cluster, [{ reference: tags("c")[0]! }]);
  const steps = oldBuildSteps(old, cluster);
  t.deepEqual(describeSteps(steps), ["manager: remove an outdated build"]);
  await runAll(steps);
  t.deepEqual(removed, tags("a"));
  t.regex(scripts[0] ?? "", /rm -rf \S+\/tags\/aaaaaaaaaaaaaaaa\n/);
});

test("the leftover of a failed build is removed before its base image", async (t) => {
  const listImages = async () => [
    { Id: "sha256:base", RepoTags: ["debian:13", "swarmhub/pulled:0123456789ab"] },
    { Id: "sha256:half", RepoTags: [unfinishedName] },
    { Id: "sha256:other", RepoTags: ["somebody/image:1"] },
  ];
  const facts = fakeFacts({ units: { "docker.service": "active" } });
  const removed: string[] = [];
  const getImage = (name: string) => ({ remove: async () => void removed.push(name) });
  const docker = { listImages, getImage } as never;
  const cluster = fakeCluster(fakeHost("manager", { facts, docker }));
  const otherImages = await inspectOtherImages(cluster);
  const pulled = await listPulled(cluster.nodes);
  const have = { machines: machinesOf(cluster), own: [], userImages: [], otherImages, pulled };
  await runAll(images.remove(have, cluster));
  t.deepEqual(removed, [unfinishedName, "debian:13", "swarmhub/pulled:0123456789ab"]);
});
