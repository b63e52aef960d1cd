import test from "ava";
import { exitCode } from "../../../src/errors.js";
import { paths } from "../../../src/paths.js";
import { homesErasure, storage } from "../../../src/pieces/storage.js";
import type { DiskState } from "../../../src/pieces/storage/disk.js";
import { classOf, machinesOf, planError, describeSteps } from "../../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost, persistentStorage } from "../../support/fakes.js";
import { blank, gigabyte, homes, mounted, nothing, plan } from "../support/disk-states.js";

const unnamed = () =>
  classOf(1, { config: { storage: persistentStorage({ backing: { kind: "unnamed" } }) } });
const none = { ...nothing, device: undefined };
const other = { ...blank, path: "/dev/vdc", size: 100 * gigabyte };
const errorFor = (t: Parameters<typeof planError>[0], state: DiskState, facts = {}): string => {
  const { message, hint, code } = planError(t, () => plan(unnamed(), state, facts));
  t.is(code, exitCode.preflight);
  return `${message}\n${hint}`;
};

test("several blank disks are listed as lines to paste, and none is chosen", (t) => {
  t.is(
    errorFor(t, { ...none, blank: [blank, other] }),
    `manager: the machine has 2 blank disks, but the configuration names no disk or file for the homes
add one of these lines to \`storage:\`
  device: /dev/vdb   # 20 GB
  device: /dev/vdc   # 100 GB`,
  );
});

test("a single blank disk is not chosen either, since only a configured disk is formatted", (t) => {
  t.is(
    errorFor(t, { ...none, blank: [other] }),
    `manager: the machine has a blank disk, but the configuration names no disk or file for the homes
add to \`storage:\`
  device: /dev/vdc   # 100 GB`,
  );
});

test("existing homes are listed before blank disks", (t) => {
  t.regex(
    errorFor(t, { ...none, homes: [homes], blank: [other] }),
    /a disk with homes.*\n.*\n  device: \/dev\/vdb   # 20 GB$/,
  );
  t.regex(errorFor(t, { ...none, file: 40 * gigabyte }), /a file with homes.*file: 40G /s);
  t.regex(errorFor(t, mounted), /has the homes on \/dev\/vdb.*device: \/dev\/vdb/s);
  t.regex(errorFor(t, { ...mounted, source: "/dev/loop3", file: 2 * gigabyte }), /file: 2G /);
});

test("without a disk a fitting file is suggested, with a note that it is slower", (t) => {
  const room = (gigabytes: number, docker = "inactive") => ({
    freeForHomes: gigabytes * gigabyte,
    units: { "docker.service": docker },
  });
  t.regex(errorFor(t, none, room(50)), /no blank disk.*\n  file: 40G .*: slower than a disk/s);
  t.regex(errorFor(t, none, room(12)), /file: 5G /);
  t.regex(
    errorFor(t, none, room(12, "active")),
    /file: 10G /,
    "existing images need no more space",
  );
  t.regex(errorFor(t, none, room(7.5)), /no room for a storage file.*\n.*storage: temporary/s);
});

test("homes on another disk than the configured one are refused, whether that is blank or missing", (t) => {
  for (const [device, problem] of [
    [blank, "has none"],
    [undefined, "does not exist"],
  ] as const) {
    const state = { ...nothing, device, homes: [{ ...homes, path: "/dev/vdc" }] };
    const error = planError(t, () => plan(classOf(1), state));
    t.is(
      error.message,
      `manager: the homes of a class are on /dev/vdc (20 GB), but the configuration says /dev/vdb, which ${problem}`,
    );
    t.regex(error.hint ?? "", /^to keep these homes, write `device: \/dev\/vdc`/);
    t.is(/xfs_admin -L old \/dev\/vdc/.test(error.hint ?? ""), device !== undefined);
    t.is(error.code, exitCode.preflight);
  }
});

test("if the configured disk is missing, the blank disks are listed", (t) => {
  const error = planError(t, () => plan(classOf(1), { ...none, blank: [other] }));
  t.is(error.message, "manager: there is no disk /dev/vdb");
  t.is(error.hint, "its blank disks:\n  device: /dev/vdc   # 100 GB");
});

test("without a configured disk nothing is erased", (t) => {
  const cluster = unnamed();
  const erase = (disk: DiskState) =>
    homesErasure.remove({ machines: machinesOf(cluster), disk }, cluster);
  t.regex(
    planError(t, () => erase({ ...none, homes: [homes] })).message,
    /names no disk or file for the homes, so nothing is erased$/,
  );
  t.deepEqual(describeSteps(erase(none)), []);
});

const inspected = async (answer: string, disks = [blank, other]) => {
  const host = fakeHost("manager", {
    facts: fakeFacts({ disks }),
    answers: [["readlink", answer]],
  });
  return (await storage.inspect(fakeCluster(host))).disk;
};

test("a probed disk without content is blank", async (t) => {
  const swap = { ...blank, path: "/dev/vdd" };
  const small = { ...blank, path: "/dev/vde", size: 2 ** 20 };
  const split = {
    ...blank,
    path: "/dev/vdf",
    parts: [{ ...blank, path: "/dev/vdf1", type: "part" }],
  };
  const cdrom = { ...blank, path: "/dev/sr0", type: "rom" };
  const { blank: found } = await inspected(
    `path /dev/vda
probed /dev/vdb
probed /dev/vdd
probe TYPE=swap
probed /dev/vde
probed /dev/vdf
probed /dev/sr0
`,
    [blank, other, swap, small, split, cdrom],
  );
  t.deepEqual(
    found.map(({ path }) => path),
    ["/dev/vdb"],
  );
});

test("a file system label that looks like the script's output is not misread", async (t) => {
  const { blank: found, homes: kept } = await inspected(`path /dev/vda
probed /dev/vdb
probe TYPE=ext4
probe LABEL=probed /dev/vdc
probed /dev/vdc
probe LABEL=swarmhub
probe TYPE=xfs
`);
  t.deepEqual(found, []);
  t.deepEqual(
    kept.map(({ path }) => path),
    ["/dev/vdc"],
  );
});

test("the data of a mounted file system is parsed", async (t) => {
  const disk = await inspected(`path /dev/vdb
source /dev/vdb
room 21474836480
answers
folder homes 1000:100 755
folder trash 0:0 755
free 1048576
block 4096
blocks 2621440
exported
lacks NFSv4.2
`);
  t.like(disk, {
    isConfigured: true,
    room: 20 * gigabyte,
    size: 10 * gigabyte,
    free: 2 ** 20,
    exported: true,
    lacksNfs42: true,
    folders: ["homes"],
  });
});

test("an inaccessible mount is dead, and one with the option ro is read-only", async (t) => {
  const problem = async (answer: string, options: string[]) => {
    const mounts = [{ source: "/dev/vdb", target: paths.storage, type: "xfs", options }];
    const facts = fakeFacts({ disks: [blank], mounts });
    const host = fakeHost("manager", { facts, answers: [["readlink", answer]] });
    return (await storage.inspect(fakeCluster(host))).disk.problem;
  };
  t.is(await problem("path /dev/vdb\nsource /dev/vdb\n", ["rw"]), "dead");
  t.is(await problem("path /dev/vdb\nsource /dev/vdb\nanswers\n", ["ro"]), "read-only");
  t.is(await problem("path /dev/vdb\nsource /dev/vdb\nanswers\n", ["rw"]), undefined);
});
