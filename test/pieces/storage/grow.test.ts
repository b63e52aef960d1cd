import test from "ava";
import { exitCode } from "../../../src/errors.js";
import { paths } from "../../../src/paths.js";
import { fstabLine } from "../../../src/pieces/storage/fstab.js";
import { classOf, planError, runAll, describeSteps } from "../../support/class-of.js";
import {
  facts,
  files,
  fromFile,
  gigabyte,
  mounted,
  nothing,
  plan,
} from "../support/disk-states.js";
import { shellProblems } from "../support/shell.js";

const inFile = { ...mounted, device: undefined, file: 20 * gigabyte, source: "/dev/loop0" };
const listed = {
  ...facts,
  files: { ...files, [paths.fileSystemTable]: fstabLine(paths.storageFile, ",loop") },
  freeForHomes: 100 * gigabyte,
};

test("the file system grows to the size of an enlarged disk", (t) => {
  const disk = { ...mounted, room: 40 * gigabyte };
  t.deepEqual(describeSteps(plan(classOf(1), disk, facts)), [
    "manager: grow the homes' file system to 40 GB (from 20 GB, without interruption)",
  ]);
});

test("a few MB that XFS cannot use need no step", (t) => {
  t.deepEqual(
    describeSteps(plan(classOf(1), { ...mounted, room: mounted.size + 2 ** 20 }, facts)),
    [],
  );
});

test("a file system of unknown size needs no step", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1), { ...mounted, size: 0 }, facts)), []);
});

test("a storage file grows to its configured size, mounted or not", (t) => {
  const cluster = classOf(1, fromFile(40));
  t.deepEqual(describeSteps(plan(cluster, inFile, listed)), [
    "manager: grow the homes' file system to 40 GB (from 20 GB, without interruption)",
  ]);
  t.is(
    describeSteps(plan(cluster, { ...nothing, file: 20 * gigabyte }, listed))[0],
    "manager: grow the storage file to 40 GB (from 20 GB, without interruption)",
  );
  const halfWay = { ...inFile, file: 40 * gigabyte };
  t.is(plan(cluster, halfWay, listed).length, 1, "an interrupted run is continued");
  t.deepEqual(describeSteps(plan(cluster, { ...halfWay, size: 40 * gigabyte }, listed)), []);
});

test("a storage file that would have to shrink is refused with the size to write", (t) => {
  for (const state of [inFile, { ...nothing, file: 20 * gigabyte }]) {
    const error = planError(t, () => plan(classOf(1, fromFile(10)), state, listed));
    t.is(
      error.message,
      "manager: the storage file has 20 GB, but the configuration says 10 GB; a storage file can only grow",
    );
    t.regex(error.hint ?? "", /`file: 20G` or more/);
    t.is(error.code, exitCode.preflight);
  }
});

test("a storage file that cannot grow on a full root disk is refused", (t) => {
  const error = planError(t, () =>
    plan(classOf(1, fromFile(40)), inFile, { ...listed, freeForHomes: 21 * gigabyte }),
  );
  t.is(
    error.message,
    "manager: the disk of /var/lib/swarmhub has 21 GB free; a storage file of 40 GB must leave 2 GB",
  );
});

test("the script allocates first, then resizes the loop device, then the file system", async (t) => {
  const cluster = classOf(1, { ...fromFile(40), answers: [[/./, ""]] });
  await runAll(plan(cluster, inFile, listed));
  const [script = ""] = cluster.manager.asked;
  t.regex(script, /fallocate -l 42949672960 .*\n.*losetup -c .*\n.*xfs_growfs -d/);
  t.is(shellProblems(script.slice("script ".length)), "");
});
