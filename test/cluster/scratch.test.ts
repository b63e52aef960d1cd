import test from "ava";
import { scratchAdvice, scratchLines, scratchOf } from "../../src/cluster/scratch.js";
import type { Bytes } from "../../src/config/types.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { classOf, machinesOf } from "../support/class-of.js";
import { fakeConfig, fakeFacts } from "../support/fakes.js";

const gibibyte = 2 ** 30;
const { servers } = fakeConfig();
const config = { servers: { ...servers, scratch: (10 * gibibyte) as Bytes } };
const blank: Partial<Facts> = {
  packages: {},
  memory: 8 * gibibyte,
  freeForHomes: 300 * gibibyte,
  membership: undefined,
};
const ours: Partial<Facts> = {
  ...blank,
  packages: { "docker.io": "26.1.5" },
  files: { [paths.installedPackages]: "docker-cli\ndocker.io\nxfsprogs\n" },
};
const of = (facts: Partial<Facts>, changes: Parameters<typeof classOf>[1] = { config }) => {
  const cluster = classOf(1, changes);
  const [worker] = cluster.workers;
  return scratchOf(cluster, worker!, fakeFacts({ ...blank, ...facts }));
};
const mounted = (type: string, options: string[]): Facts["mounts"] => [
  { source: "/dev/vdc", target: "/var/lib/docker", type, options },
];

test("a blank machine gets a file for its images and for the limit in each of its 7 seats", (t) => {
  t.deepEqual(of({}), {
    kind: "possible",
    limit: 10 * gibibyte,
    file: 76 * gibibyte,
    isTight: false,
  });
});

test("Docker that swarmhub has just installed is as good as blank", (t) => {
  t.is(of(ours).kind, "possible");
  t.is(
    of({ ...ours, membership: { state: "inactive", nodeId: "", manages: false } }).kind,
    "possible",
  );
});

test("on a small disk a fifth stays free, half is for the images, and the servers share the rest", (t) => {
  t.deepEqual(of({ freeForHomes: 40 * gibibyte }), {
    kind: "possible",
    limit: Math.floor((26 * 1024) / 7) * 2 ** 20,
    file: 32 * gibibyte,
    isTight: false,
  });
  t.deepEqual(of({ freeForHomes: 10 * gibibyte }), {
    kind: "possible",
    limit: gibibyte,
    file: 8 * gibibyte,
    isTight: true,
  });
  t.is(of({ freeForHomes: 3.9 * gibibyte }).kind, "guarded");
});

test("a file for the homes on the same disk is left room", (t) => {
  const cluster = classOf(0, {
    config: {
      ...config,
      storage: {
        ...(fakeConfig().storage as object),
        kind: "persistent",
        backing: { kind: "file", size: (20 * gibibyte) as Bytes },
      } as never,
    },
  });
  const facts = fakeFacts({ ...blank, freeForHomes: 60 * gibibyte });
  const file = (found: ReturnType<typeof scratchOf>) => found.kind === "possible" && found.file;
  t.is(file(scratchOf(cluster, cluster.manager, facts)), 32 * gibibyte);
  const made = { ...facts, state: ["homes.xfs"] };
  t.is(file(scratchOf(cluster, cluster.manager, made)), 48 * gibibyte);
});

test("an XFS disk with project quota at Docker's folder is used as it is", (t) => {
  const space = { bytes: 50 * gibibyte, freeForRoot: 0, files: 0, freeFiles: 0 };
  const found = of({
    mounts: mounted("xfs", ["rw", "prjquota"]),
    dockerDisks: [{ path: "/var/lib/docker", freeBytes: 48 * gibibyte, ...space }],
  });
  t.deepEqual(found, { kind: "possible", limit: 6 * gibibyte, file: undefined, isTight: false });
});

for (const [what, facts, why] of [
  ["Docker of the owner", { packages: { "docker-ce": "29" } }, /was there before swarmhub/],
  [
    "settings of the owner",
    { files: { [paths.dockerConfiguration]: '{"data-root": "/data"}' } },
    /daemon.json has its own .*data-root/,
  ],
  [
    "a folder with content",
    { files: { [paths.dockerBefore]: "content /var/lib/docker\n" } },
    /had content before/,
  ],
  ["a disk with ext4", { mounts: mounted("ext4", ["rw"]) }, /not XFS, mounted with prjquota/],
  ["XFS without quota", { mounts: mounted("xfs", ["rw"]) }, /not XFS, mounted with prjquota/],
  [
    "a kernel without quota",
    { xfsFeatures: "SGI XFS with ACLs, no debug enabled" },
    /has no quota/,
  ],
  [
    "a failure before",
    { files: { [paths.scratchNote]: "# …\nfailed mount: no loop\n" } },
    /could not be set up: mount: no loop/,
  ],
] as [string, Partial<Facts>, RegExp][])
  test(`no limit is set up where there is ${what}, and there is nothing to do about it`, (t) => {
    const found = of(facts);
    t.is(found.kind, "guarded");
    t.regex(JSON.stringify(found), why);
    t.false("hint" in found);
  });

test("Docker's data is never moved on a class that runs, and `up` says what to do", (t) => {
  const inClass: Partial<Facts> = { ...ours, dockerHolds: ["images", "swarm"] };
  const cluster = classOf(1, { config });
  const machines = machinesOf(cluster, inClass);
  t.deepEqual(scratchAdvice(cluster, machines), [
    "worker1: a server may fill the disk, and is then ended (no limit: Docker already has data there, which is not moved); for a limit: `swarmhub down`, then `swarmhub up` (homes stay)",
  ]);
  const two = classOf(2, { config });
  t.regex(
    scratchAdvice(two, machinesOf(two, inClass))[1] ?? "",
    /for a limit: `swarmhub leave worker2`, then `swarmhub join worker2`$/,
  );
  const off = classOf(1);
  t.deepEqual(scratchAdvice(off, machinesOf(off, inClass)), []);
});

test("what was seen in a container decides whether the limit counts", (t) => {
  const line = (seen: string): string => {
    const cluster = classOf(2, { config });
    const note = `# Written\nlimit ${4 * gibibyte}\n${seen}`;
    const machines = machinesOf(cluster, { files: { [paths.scratchNote]: note } });
    return scratchLines(cluster, machines).join("; ");
  };
  t.is(line(`seen ${4 * gibibyte}\n`), "worker1, worker2: each server has 4 GB outside its home");
  t.regex(line(`seen ${12 * gibibyte}\n`), /is then ended \(a container does not have the limit/);
  t.regex(line("seen nothing\n"), /is then ended/);
});
