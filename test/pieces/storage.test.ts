import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { exitCode } from "../../src/errors.js";
import type { Disk, Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { homesErasure, storage } from "../../src/pieces/storage.js";
import type { DiskState } from "../../src/pieces/storage/disk.js";
import {
  exportsFile,
  nfsConfiguration,
  startNfs,
  stopNfs,
} from "../../src/pieces/storage/exports.js";
import { addLineScript, fstabLine, removeLineScript } from "../../src/pieces/storage/fstab.js";
import { quote } from "../../src/text/shell.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";
import {
  blank,
  facts,
  files,
  fromFile,
  homes,
  mounted,
  nothing,
  plan,
} from "./support/disk-states.js";
import { shellProblems } from "./support/shell.js";

const folders =
  "create the folders homes, owners, pending, fenced, handouts, limits, groups, trash";
const fence = "start lost-node fencing (withdraws the NFS exports of lost machines)";
const nfs = ["write /etc/nfs.conf.d/swarmhub.conf", "write /etc/exports.d/swarmhub.exports", fence];
const mount = (what: string, more = "") =>
  `mount ${what} at /srv/swarmhub (${more}with project quota, at every boot)`;
const kept = "keeps its homes; ";
const on = (host: string, ...steps: string[]) => steps.map((step) => `${host}: ${step}`);

test("a blank disk is formatted, mounted, given its folders and exported", (t) => {
  const steps = plan(classOf(1), nothing);
  t.deepEqual(
    describeSteps(steps),
    on("manager", "format /dev/vdb with XFS (20 GB, blank)", mount("/dev/vdb"), folders, ...nfs),
  );
  t.deepEqual(
    steps.map(({ destroys }) => destroys !== undefined),
    [true, ...Array<boolean>(5).fill(false)],
    "only formatting is confirmed",
  );
  t.regex(steps[0]?.destroys ?? "", /^all data on \/dev\/vdb \(20 GB; it looks blank/);
});

test("a storage server runs all these steps instead of the manager", (t) => {
  const steps = describeSteps(plan(classOf(1, { server: true }), nothing));
  t.is(steps.length, 6);
  t.true(steps.every((step) => step.startsWith("server: ")));
});

test("storage in the wanted state needs no step", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1), mounted, facts)), []);
});

test("the homes of an earlier class are mounted without formatting", (t) => {
  t.deepEqual(
    describeSteps(plan(classOf(1), { ...nothing, device: homes })),
    on("manager", mount("/dev/vdb", kept), folders, ...nfs),
  );
});

test("each lost part is restored by itself", (t) => {
  const drift = (disk: Partial<DiskState>, changes: Partial<Facts> = {}) =>
    describeSteps(plan(classOf(1), { ...mounted, ...disk }, { ...facts, ...changes }));
  const without = (path: string) => ({ files: { ...files, [path]: "" } });
  t.deepEqual(drift({ folders: ["homes", "limits", "trash"] }), [
    "manager: create the folders owners, pending, fenced, handouts, groups",
  ]);
  t.deepEqual(drift({ mounted: false }), on("manager", mount("/dev/vdb", kept)));
  t.deepEqual(drift({}, without(paths.fileSystemTable)), [
    "manager: add /srv/swarmhub to /etc/fstab (with project quota, at every boot)",
  ]);
  t.deepEqual(drift({}, without(paths.exports)), [
    "manager: write /etc/exports.d/swarmhub.exports",
  ]);
  t.deepEqual(drift({}, without(paths.nfsConfiguration)), [
    "manager: write /etc/nfs.conf.d/swarmhub.conf",
  ]);
  t.deepEqual(drift({}, { units: {} }), ["manager: start the NFS server", `manager: ${fence}`]);
  t.deepEqual(drift({}, without(paths.fence)), [`manager: ${fence}`]);
  t.deepEqual(drift({ exported: false }), ["manager: start the NFS server"]);
});

test("a machine that joins the class gets an export", (t) => {
  t.deepEqual(describeSteps(plan(classOf(2), mounted, facts)), [
    "manager: write /etc/exports.d/swarmhub.exports",
  ]);
});

test("a disk that does not exist is refused", (t) => {
  const error = planError(t, () => plan(classOf(0), { ...nothing, device: undefined }));
  t.is(error.message, "manager: there is no disk /dev/vdb");
  t.is(error.code, exitCode.preflight);
});

const part: Disk = { path: "/dev/vdb1", type: "part", size: 2 ** 30, parts: [] };
for (const [what, disk, why] of [
  ["a file system", { fileSystem: "ext4" }, "it holds ext4"],
  ["a named file system", { fileSystem: "ext4", label: "photos" }, 'it holds ext4 named "photos"'],
  ["a foreign XFS", { fileSystem: "xfs", label: "data" }, 'it holds xfs named "data"'],
  [
    "another file system with our label",
    { fileSystem: "ext4", label: "swarmhub" },
    'it holds ext4 named "swarmhub"',
  ],
  ["a physical volume", { fileSystem: "LVM2_member" }, "it holds LVM2_member"],
  ["an empty partition table", { partitionTable: "gpt" }, "it has a partition table (gpt)"],
  ["partitions", { partitionTable: "gpt", parts: [part] }, "it has 1 partitions or volumes"],
] as const)
  test(`a disk with ${what} is refused, never formatted`, (t) => {
    const device = { ...blank, ...disk, parts: [...("parts" in disk ? disk.parts : [])] };
    const error = planError(t, () => plan(classOf(0), { ...nothing, device }));
    t.is(
      error.message,
      `manager: /dev/vdb (20 GB) is not blank: ${why}; swarmhub formats only blank disks`,
    );
    t.regex(error.hint ?? "", /wipefs --all \/dev\/vdb/);
    t.is(error.code, exitCode.preflight);
  });

test("a mount without enforcement is refused, since a remount would not enable it", (t) => {
  const error = planError(t, () => plan(classOf(1), { ...mounted, enforced: false }, facts));
  t.is(
    error.message,
    "manager: /srv/swarmhub is mounted without project quota, so no home would have a limit",
  );
  t.regex(error.hint ?? "", /umount \/srv\/swarmhub/);
});

test("a disk is never formatted with -f", async (t) => {
  const cluster = classOf(1, { answers: [[/./, ""]] });
  const steps = plan(cluster, nothing);
  t.is(describeSteps(steps)[0], "manager: format /dev/vdb with XFS (20 GB, blank)");
  await steps[0]?.run(() => {});
  t.regex(cluster.manager.asked[0] ?? "", /mkfs\.xfs -q -L swarmhub \/dev\/vdb\n/);
  t.notRegex(cluster.manager.asked[0] ?? "", /mkfs\.xfs.* -f/);
});

test("the disk's own content counts, not udev's data", async (t) => {
  const seen = async (probe: string) => {
    const remembered = { ...blank, label: "old" };
    const host = fakeHost("manager", {
      facts: fakeFacts({ disks: [remembered] }),
      answers: [["readlink", `path /dev/vdb\nprobed /dev/vdb\n${probe}`]],
    });
    return (await storage.inspect(fakeCluster(host))).disk.device;
  };
  t.like(await seen("probe TYPE=xfs\nprobe LABEL=swarmhub\n"), {
    fileSystem: "xfs",
    label: "swarmhub",
  });
  t.is((await seen(""))?.label, undefined);
});

test("another mounted disk than the configured one is refused, since swarmhub does not move homes", (t) => {
  const other = { ...mounted, isConfigured: false, source: "/dev/vdc" };
  const error = planError(t, () => plan(classOf(1), other, facts));
  t.is(
    error.message,
    "manager: /dev/vdc is mounted at /srv/swarmhub, but the configuration says /dev/vdb; swarmhub does not move homes",
  );
  t.is(error.code, exitCode.preflight);
  const file = planError(t, () => plan(classOf(0, fromFile(1)), other, facts));
  t.regex(file.message, /the configuration says the file \/var\/lib\/swarmhub\/homes\.xfs/);
});

test("a line of /etc/fstab for another disk, without project quota or without the order before the NFS server is replaced", (t) => {
  const withTable = (line: string) =>
    describeSteps(
      plan(classOf(1), mounted, { ...facts, files: { ...files, [paths.fileSystemTable]: line } }),
    );
  const step = ["manager: add /srv/swarmhub to /etc/fstab (with project quota, at every boot)"];
  const right = "UUID=6f1c /srv/swarmhub xfs prjquota,x-systemd.before=nfs-server.service 0 0";
  t.deepEqual(withTable(right), []);
  t.deepEqual(withTable(right.replace("6f1c", "other")), step);
  t.deepEqual(withTable(right.replace("prjquota,", "")), step);
  t.deepEqual(withTable(right.replace(/,x-\S+/, "")), step);
  t.deepEqual(withTable(`# ${right}`), step);
});

test("a storage file is created on a root disk with enough space", (t) => {
  const steps = plan(
    classOf(0, fromFile(40)),
    { ...nothing, device: undefined },
    { freeForHomes: 42 * 2 ** 30 },
  );
  t.deepEqual(
    describeSteps(steps),
    on(
      "manager",
      "create a storage file of 40 GB (/var/lib/swarmhub/homes.xfs)",
      mount("the storage file"),
      folders,
      ...nfs,
    ),
  );
  t.true(steps.every(({ destroys }) => destroys === undefined));
});

test("an existing storage file is mounted again", (t) => {
  const disk = { ...nothing, device: undefined, file: 40 * 2 ** 30 };
  t.deepEqual(
    describeSteps(plan(classOf(0, fromFile(40)), disk, { freeForHomes: 0 })).slice(0, 1),
    on("manager", mount("the storage file", kept)),
  );
});

test("a storage file that would fill the root disk is refused", (t) => {
  const error = planError(t, () =>
    plan(classOf(0, fromFile(40)), nothing, { freeForHomes: 41 * 2 ** 30 }),
  );
  t.is(
    error.message,
    "manager: the disk of /var/lib/swarmhub has 41 GB free; a storage file of 40 GB must leave 2 GB",
  );
  t.is(error.code, exitCode.preflight);
});

test("`down` removes the export and the mount, and says that homes stay", (t) => {
  const cluster = classOf(1);
  const remove = (disk: DiskState, changes: Partial<Facts> = {}) =>
    describeSteps(storage.remove({ machines: machinesOf(cluster, changes), disk }, cluster));
  t.deepEqual(
    remove(mounted, facts),
    on(
      "manager",
      "remove lost-node fencing",
      "remove /etc/exports.d/swarmhub.exports",
      "remove /etc/nfs.conf.d/swarmhub.conf",
      "unmount /srv/swarmhub (homes stay on their disk)",
    ),
  );
  t.deepEqual(remove(nothing), []);
  t.is(
    remove(nothing, { files: { [paths.fileSystemTable]: files[paths.fileSystemTable] ?? "" } })
      .length,
    1,
  );
});

test("`down --delete-homes` erases only our homes, and says so", (t) => {
  const erase = (cluster: ReturnType<typeof classOf>, disk: Partial<DiskState>) =>
    homesErasure.remove({ machines: machinesOf(cluster), disk: { ...nothing, ...disk } }, cluster);
  t.deepEqual(describeSteps(erase(classOf(0), { device: homes })), [
    "manager: erase /dev/vdb with all homes",
  ]);
  t.is(erase(classOf(0), { device: homes })[0]?.destroys, "all homes on manager");
  t.deepEqual(describeSteps(erase(classOf(0, fromFile(1)), { file: 2 ** 30 })), [
    "manager: delete the storage file with all homes",
  ]);
  for (const device of [blank, undefined, { ...blank, fileSystem: "xfs", label: "data" }])
    t.deepEqual(describeSteps(erase(classOf(0), { device })), []);
  t.deepEqual(describeSteps(erase(classOf(0, fromFile(1)), {})), []);
  const cluster = classOf(0);
  t.deepEqual(
    homesErasure.plan(cluster.config, { machines: machinesOf(cluster), disk: nothing }, cluster),
    [],
  );
});

test("homes are exported to each node's address, as 1000:100, and only while the disk is mounted", (t) => {
  t.is(
    exportsFile(["10.77.0.11", "10.77.0.12"], "10.77.0.11"),
    `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
# The address of this server: 10.77.0.11
/srv/swarmhub 10.77.0.11(rw,sync,no_subtree_check,all_squash,anonuid=1000,anongid=100,mp,sec=sys)
/srv/swarmhub 10.77.0.12(rw,sync,no_subtree_check,all_squash,anonuid=1000,anongid=100,mp,sec=sys)
`,
  );
});

test("the NFS server speaks only version 4, with lease and grace of 10 s", (t) => {
  t.is(
    nfsConfiguration,
    `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
[nfsd]
vers3=n
vers4=y
lease-time=10
grace-time=10
`,
  );
});

test("a server is restarted with its new exports where its own address has changed", async (t) => {
  const restartsFrom = async (own: string, exported = "10.77.0.12") => {
    const cluster = classOf(1, { answers: [[/./, ""]] });
    const exports = exportsFile(["10.77.0.11", exported], own);
    const before = { ...facts, files: { ...files, [paths.exports]: exports } };
    const steps = plan(cluster, mounted, before);
    await runAll(steps);
    const { asked } = cluster.manager;
    return [steps.length, asked.some((script) => /^systemctl restart nfs-server$/m.test(script))];
  };
  t.deepEqual(await restartsFrom("10.77.0.11"), [0, false]);
  t.deepEqual(await restartsFrom("10.77.0.11", "10.77.0.9"), [1, false], "of a worker");
  t.deepEqual(await restartsFrom("10.77.0.9"), [1, true]);
});

test("rpcbind is masked if swarmhub installed it, and kept otherwise", (t) => {
  t.regex(startNfs("nfs-kernel-server\nrpcbind\n"), /mask --now rpcbind/);
  t.notRegex(startNfs("nfs-kernel-server\n"), /rpcbind/);
  t.regex(stopNfs("nfs-kernel-server\nrpcbind\n"), /disable --now nfs-server/);
  t.is(
    stopNfs("docker.io\n"),
    "if systemctl -q is-active nfs-server; then systemctl restart nfs-server; fi",
  );
});

/** The content of a copy of /etc/fstab after a script has run on it. */
const tableAfter = (script: string, before: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-fstab-"));
  try {
    writeFileSync(join(folder, "fstab"), before);
    const input = `systemctl() { :; }\n${script.replaceAll("/etc/", `${folder}/`)}`;
    execFileSync("sh", ["-s"], { input });
    return readFileSync(join(folder, "fstab"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const line =
  "UUID=6f1c /srv/swarmhub xfs defaults,nofail,prjquota,x-systemd.before=nfs-server.service 0 0";
const list = `set -e\nline=${quote(fstabLine("UUID=6f1c"))}\n${addLineScript}`;

test("our line is added to /etc/fstab once and removed again, and other lines are kept", (t) => {
  const others = "# /srv/swarmhub is where the homes go\n/dev/vda1 / ext4 defaults 0 1\n";
  const listed = `${others}# Written by swarmhub: the homes of the class.\n${line}\n`;
  t.is(tableAfter(list, others), listed);
  t.is(tableAfter(list, listed), listed);
  t.is(tableAfter(list, listed.replace("6f1c", "old")), listed);
  t.is(tableAfter(removeLineScript, listed), others);
  t.is(tableAfter(removeLineScript, others), others);
  t.is(tableAfter(removeLineScript, tableAfter(list, "")), "");
});

test("a last line without a newline is not extended", (t) => {
  const after = tableAfter(list, "/dev/vda1 / ext4 defaults 0 1");
  t.is(after.split("\n")[0], "/dev/vda1 / ext4 defaults 0 1");
  t.is(after.split("\n")[2], line);
});

test("the storage's scripts pass `sh -n` and shellcheck", async (t) => {
  const cluster = classOf(1, { answers: [[/./, ""]] });
  const file = classOf(0, { ...fromFile(1), answers: [[/./, ""]] });
  const room = { freeForHomes: 2 ** 40 };
  await runAll([
    ...plan(cluster, nothing),
    ...plan(cluster, { ...mounted, exported: false }, facts),
    ...storage.remove({ machines: machinesOf(cluster, facts), disk: mounted }, cluster),
    ...homesErasure.remove({ machines: machinesOf(cluster), disk: mounted }, cluster),
    ...plan(file, nothing, room),
  ]);
  const asked = [...cluster.manager.asked, ...file.manager.asked];
  const scripts = asked.filter((text) => text.startsWith("script "));
  t.true(scripts.length >= 10);
  for (const script of scripts) t.is(shellProblems(script.slice("script ".length)), "", script);
});
