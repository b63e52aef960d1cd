import { Readable } from "node:stream";
import test from "ava";
import type { FreeSpace } from "../../src/host/facts.js";
import type { Host } from "../../src/host/host.js";
import { inspectOwn } from "../../src/images/own.js";
import {
  type PulledImage,
  inspectUserImage,
  pullUserImage,
  pulledName,
} from "../../src/images/pulled.js";
import type { OwnImage } from "../../src/operator/own-images.js";
import { cleanup } from "../../src/pieces/cleanup.js";
import { inspectPulled } from "../../src/pieces/cleanup/images.js";
import { images } from "../../src/pieces/images.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

const tag = "quay.io/jupyter/scipy-notebook:2026-11-02";
const digest = (number: number, repository = "quay.io/jupyter/scipy-notebook") =>
  `${repository}@sha256:${String(number).repeat(64)}`;
const own = (name: OwnImage["name"]): OwnImage => ({
  name,
  reference: `swarmhub/${name}:0123456789ab`,
  target: name,
  context: [],
});
const all = (["hub", "proxy", "edge", "quota"] as const).map(own);
const built = (host: Host, wanted = all, ...more: string[]) => ({
  host,
  wanted,
  missing: [],
  present: [...wanted.map(({ reference }) => reference), ...more].map((reference, index) => ({
    id: `sha256:${index}`,
    references: [reference],
  })),
});
const notebook = (wanted: string, ...hosts: string[]) => ({
  image: tag,
  reference: tag,
  wanted,
  size: (4 * 2 ** 30) as number | undefined,
  isOn: (host: Host) => hosts.includes(host.name),
});
const pulledOn = (host: Host): PulledImage => ({
  host,
  id: "sha256:9",
  names: [pulledName(tag), tag, digest(1)],
});
/** The inspected state of machines with enough disk space. */
const inspected = (cluster: ReturnType<typeof classOf>) => ({
  machines: machinesOf(cluster, { freeForHomes: 20 * 2 ** 30 }),
  pulled: [] as PulledImage[],
  otherImages: new Map<Host, string[]>(),
});

test("our missing images are built on their machine, and the notebook image is pulled to every machine that takes users", (t) => {
  const cluster = classOf(2);
  const have = {
    own: [{ host: cluster.manager, wanted: all, missing: all, present: [] }],
    ...inspected(cluster),
    userImages: [notebook(tag)],
  };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), [
    "manager: build the image hub (swarmhub/hub:0123456789ab)",
    "manager: build the image proxy (swarmhub/proxy:0123456789ab)",
    "manager: build the image edge (swarmhub/edge:0123456789ab)",
    "manager: build the image quota (swarmhub/quota:0123456789ab)",
    `worker1: pull ${tag}`,
    `worker2: pull ${tag}`,
  ]);
});

test("a worker with another image under the same tag pulls that of the first worker", (t) => {
  const cluster = classOf(2);
  const have = { ...inspected(cluster), own: [], userImages: [notebook(digest(1), "worker1")] };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), [
    `worker2: pull ${digest(1)}`,
  ]);
});

test("each image to choose from is pulled to each machine that takes users", (t) => {
  const cluster = classOf(2);
  const have = {
    ...inspected(cluster),
    own: [],
    userImages: [
      notebook(digest(1), "worker1"),
      { ...notebook("r:1"), image: "r:1", reference: "r:1" },
    ],
  };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), [
    "worker1: pull r:1",
    `worker2: pull ${digest(1)}`,
    "worker2: pull r:1",
  ]);
});

const dockerDisk: FreeSpace = {
  path: "/var/lib/docker",
  bytes: 20 * 2 ** 30,
  freeBytes: 5 * 2 ** 30,
  freeForRoot: 5 * 2 ** 30,
  files: 0,
  freeFiles: 0,
};

test("a disk too small for the image is refused before the pull, if the image's size is known", (t) => {
  const cluster = classOf(2);
  const plan = (size: number | undefined, disks: FreeSpace[] = [dockerDisk]) =>
    images.plan(
      cluster.config,
      {
        machines: machinesOf(cluster, {
          dockerDisks: disks,
        }),
        own: [],
        pulled: [],
        otherImages: new Map(),
        userImages: [{ ...notebook(digest(1), "worker1"), size }],
      },
      cluster,
    );
  t.is(
    planError(t, () => plan(4 * 2 ** 30)).message,
    `worker2: only 5 GB free in /var/lib/docker, but pulling ${tag} needs 5.2 GB`,
  );
  t.is(plan(3 * 2 ** 30).length, 1);
  t.is(plan(undefined).length, 1);
  const containerd = { ...dockerDisk, path: "/var/lib/containerd", freeBytes: 6 * 2 ** 30 };
  t.is(plan(4 * 2 ** 30, [dockerDisk, containerd]).length, 1, "it may be the one with the images");
});

test("without workers the manager pulls the notebook", (t) => {
  const cluster = classOf(0);
  const have = { ...inspected(cluster), own: [], userImages: [notebook(tag)] };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), [`manager: pull ${tag}`]);
});

test("existing images need no step; those of an earlier swarmhub are removed at the end", (t) => {
  const cluster = classOf(2);
  const have = {
    own: [built(cluster.manager, all, "swarmhub/hub:ba9876543210")],
    ...inspected(cluster),
    userImages: [notebook(digest(1), "worker1", "worker2")],
  };
  t.deepEqual(describeSteps(images.plan(cluster.config, have, cluster)), []);
  t.deepEqual(
    describeSteps(
      cleanup.plan(
        cluster.config,
        { own: have.own, persistent: undefined, pulled: [], oldBuilds: [], networks: [] },
        cluster,
      ),
    ),
    ["manager: remove an old image (swarmhub/hub:ba9876543210)"],
  );
});

test("an image with a foreign name is never removed as an old one", (t) => {
  const cluster = classOf(2);
  const have = [built(cluster.manager, all, "swarmhub/notebook:lab", "mine/hub:ba9876543210")];
  t.deepEqual(
    describeSteps(
      cleanup.plan(
        cluster.config,
        { own: have, persistent: undefined, pulled: [], oldBuilds: [], networks: [] },
        cluster,
      ),
    ),
    [],
  );
});

test("`down` removes our images", (t) => {
  const cluster = classOf(2);
  const old = built(cluster.manager, [], "swarmhub/hub:ba9876543210");
  // The manager takes no users now, but took some before its first worker joined.
  const pulled = [cluster.manager, cluster.workers[1]!].map((host) => pulledOn(host));
  const have = { ...inspected(cluster), own: [old], userImages: [], pulled };
  t.deepEqual(describeSteps(images.remove(have, cluster)), [
    "manager: remove images built by swarmhub",
    `manager: remove the image ${tag}`,
    `worker2: remove the image ${tag}`,
  ]);
  const none = { ...inspected(cluster), own: [built(cluster.manager, [])], userImages: [] };
  t.deepEqual(describeSteps(images.remove(none, cluster)), []);
  t.deepEqual(
    describeSteps(
      cleanup.remove(
        { own: [old], persistent: undefined, pulled: [], oldBuilds: [], networks: [] },
        cluster,
      ),
    ),
    [],
  );
});

test("an image that disappeared meanwhile counts as removed", async (t) => {
  const removed: string[] = [];
  const docker = {
    getImage: (name: string) => ({
      remove: async () => {
        removed.push(name);
        throw Object.assign(new Error("no such image"), { statusCode: 404 });
      },
    }),
    pruneImages: async () => ({}),
  };
  const cluster = classOf(0, { docker: docker as never });
  const old = built(cluster.manager, [], "swarmhub/hub:ba9876543210");
  const pulled = [pulledOn(cluster.manager)];
  const have = { ...inspected(cluster), own: [old], userImages: [], pulled };
  await runAll(images.remove(have, cluster));
  await runAll(
    cleanup.plan(
      cluster.config,
      { own: [old], persistent: undefined, pulled: [], oldBuilds: [], networks: [] },
      cluster,
    ),
  );
  t.deepEqual(removed, ["sha256:0", digest(1), tag, pulledName(tag), "swarmhub/hub:ba9876543210"]);
});

const running = fakeFacts({ units: { "docker.service": "active" } });
/** A machine on which the notebook's tag has these digests; undefined: it has no such image. */
const machine = (name: string, digests?: string[]) => {
  const inspect = async () => {
    if (digests !== undefined) return { Id: "sha256:1", RepoDigests: digests };
    throw Object.assign(new Error("no such image"), { statusCode: 404 });
  };
  return fakeHost(name, { facts: running, docker: { getImage: () => ({ inspect }) } as never });
};
const found = async (image: string, ...digests: (string[] | undefined)[]) => {
  const workers = digests.map((each, index) => machine(`worker${index + 1}`, each));
  const cluster = fakeCluster(machine("manager"), workers);
  cluster.config.servers.image = image;
  const { wanted, isOn } = await inspectUserImage(cluster, image);
  return [wanted, ...workers.filter(isOn).map(({ name }) => name)];
};

test("the notebook image is wanted by tag until a machine has it, then by the digest of the first machine", async (t) => {
  t.deepEqual(await found(tag, undefined, undefined), [tag]);
  t.deepEqual(await found(tag, undefined, [digest(1)]), [digest(1), "worker2"]);
  t.deepEqual(await found(tag, [digest(2)], [digest(1)]), [digest(2), "worker1"]);
});

test("the first worker gets the manager's image, and later workers get that of the first worker", async (t) => {
  const wanted = async (...workers: (string[] | undefined)[]) => {
    const cluster = fakeCluster(
      machine("manager", [digest(4)]),
      workers.map((each, index) => machine(`worker${index + 1}`, each)),
    );
    return (await inspectUserImage(cluster, tag)).wanted;
  };
  t.is(await wanted(undefined), digest(4));
  t.is(await wanted(undefined, [digest(1)]), digest(1));
});

test("digests of other registries and invalid digests are ignored", async (t) => {
  const other = digest(3, "registry.example.org/other");
  t.deepEqual(await found(tag, [other, digest(1)]), [digest(1), "worker1"]);
  t.deepEqual(await found(tag, ["quay.io/jupyter/scipy-notebook@sha256:1; reboot"]), [
    tag,
    "worker1",
  ]);
});

test("Docker Hub's images are matched by their short names", async (t) => {
  const short = digest(1, "jupyter/scipy-notebook");
  t.deepEqual(await found("docker.io/jupyter/scipy-notebook", [short]), [short, "worker1"]);
  t.deepEqual(await found("docker.io/library/python:3", [digest(1, "python")]), [
    digest(1, "python"),
    "worker1",
  ]);
});

test("an image built on the machines has no digest and is matched by its name", async (t) => {
  t.deepEqual(await found("notebook:mine", [], undefined), ["notebook:mine", "worker1"]);
});

test("an image pulled by digest gets its configured tag", async (t) => {
  const tags: unknown[] = [];
  const docker = {
    pull: async () => Readable.from([]),
    getImage: (name: string) => ({ tag: async (as: unknown) => void tags.push([name, as]) }),
  };
  const host = fakeHost("worker2", { docker: docker as never });
  await pullUserImage(host, digest(1), tag, () => {});
  const note = (image: string) => ({ repo: "swarmhub/pulled", tag: pulledName(image).slice(16) });
  t.deepEqual(tags, [
    [digest(1), note(tag)],
    [digest(1), { repo: "quay.io/jupyter/scipy-notebook", tag: "2026-11-02" }],
  ]);
  tags.length = 0;
  await pullUserImage(host, tag, tag, () => {});
  await pullUserImage(host, digest(1), digest(1), () => {});
  t.deepEqual(tags, [
    [tag, note(tag)],
    [digest(1), note(digest(1))],
  ]);
});

test("an image that swarmhub pulled is removed with all its names when it is neither configured nor used by a container", async (t) => {
  const removed: string[] = [];
  const listed = [
    { Id: "sha256:now", RepoTags: [tag, pulledName(tag)] },
    { Id: "sha256:old", RepoTags: ["r:1", pulledName("r:1")], RepoDigests: [digest(1, "r")] },
    { Id: "sha256:used", RepoTags: ["r:2", pulledName("r:2")] },
    { Id: "sha256:theirs", RepoTags: ["r:3", "swarmhub/pulled:mine"] },
    { Id: "sha256:bare", RepoTags: null },
    { Id: "sha256:hub", RepoTags: ["swarmhub/hub:1", pulledName("swarmhub/hub:1")] },
  ];
  const docker = {
    listImages: async () => listed,
    listContainers: async ({ filters }: { filters: { ancestor: string[] } }) =>
      filters.ancestor[0] === "sha256:used" ? [{}] : [],
    getImage: (name: string) => ({ remove: async () => void removed.push(name) }),
  };
  const host = fakeHost("manager", { facts: running, docker: docker as never });
  const pulled = await inspectPulled(
    fakeCluster(host),
    [{ reference: tag }],
    [{ reference: "swarmhub/hub:1" }],
  );
  const steps = cleanup.plan(
    fakeCluster(host).config,
    { own: [], persistent: undefined, pulled, oldBuilds: [], networks: [] },
    fakeCluster(host),
  );
  t.deepEqual(describeSteps(steps), ["manager: remove an unused image (r:1)"]);
  await runAll(steps);
  t.deepEqual(removed, [digest(1, "r"), "r:1", pulledName("r:1")]);
});

const Labels = { "swarmhub.class": "geo-101" };

test("our images are inspected on the machines that need them", async (t) => {
  const docker = {
    info: async () => ({}),
    listImages: async () => [
      { Id: "sha256:1", RepoTags: ["swarmhub/hub:0123456789ab"], Labels },
      { Id: "sha256:2", RepoTags: ["somebody/else:1"], Labels: null },
      { Id: "sha256:3", RepoTags: ["swarmhub/proxy:0123456789ab"], Labels: null },
    ],
  };
  const host = (name: string) => fakeHost(name, { facts: running, docker: docker as never });
  const names = async (cluster: Parameters<typeof inspectOwn>[0]) =>
    (await inspectOwn(cluster, all)).map((each) => [
      each.host.name,
      each.wanted.map(({ name }) => name).join(" "),
      each.missing.map(({ name }) => name).join(" "),
      each.present.length,
    ]);
  t.deepEqual(await names(fakeCluster(host("manager"))), [
    // A foreign image of the same name is present, but not ours to remove.
    ["manager", "hub proxy edge quota", "edge quota", 1],
  ]);
  t.deepEqual(await names(fakeCluster(host("manager"), [], { storage: host("server") })), [
    ["manager", "hub proxy edge", "edge", 1],
    ["server", "quota", "quota", 1],
  ]);
  t.deepEqual(await names(fakeCluster(fakeHost("manager", { facts: fakeFacts() }))), [
    ["manager", "hub proxy edge quota", "hub proxy edge quota", 0],
  ]);
});
