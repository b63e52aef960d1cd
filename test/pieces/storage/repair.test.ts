import test from "ava";
import { exitCode } from "../../../src/errors.js";
import { storage } from "../../../src/pieces/storage.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../../support/class-of.js";
import { facts, gigabyte, homes, mounted, plan } from "../support/disk-states.js";
import { shellProblems } from "../support/shell.js";

const problems = (disk: Partial<typeof mounted>): string[] => {
  const cluster = classOf(1);
  const state = { machines: machinesOf(cluster), disk: { ...mounted, ...disk } };
  return storage.problems?.(state, cluster) ?? [];
};

test("a full disk is a problem without a step, reported with its free space", (t) => {
  t.deepEqual(problems({}), []);
  t.regex(
    problems({ free: 12 * 2 ** 20 }).join(),
    /^manager: the homes' disk is full: 12 MB of 20 GB left/,
  );
  t.deepEqual(plan(classOf(1), { ...mounted, free: 0 }, facts), []);
});

test("a large disk is full with 1 GB left, a small one with a fiftieth left", (t) => {
  t.is(problems({ size: 1000 * gigabyte, free: 1.5 * gigabyte }).length, 0);
  t.is(problems({ size: 1000 * gigabyte, free: 0.5 * gigabyte }).length, 1);
  t.is(problems({ size: gigabyte, free: 2 ** 25 }).length, 0);
});

test("a file system of unknown size is not reported as full", (t) => {
  t.deepEqual(problems({ size: 0, free: 0 }), []);
  t.deepEqual(problems({ problem: "dead", free: 0 }), []);
});

test("a read-only file system is remounted read-write", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1), { ...mounted, problem: "read-only" }, facts)), [
    "manager: remount /srv/swarmhub read-write (it is read-only)",
  ]);
});

const dead = { ...mounted, problem: "dead" as const, enforced: false, folders: [], size: 0 };

test("a file system that shut down is mounted again after all users have released it", async (t) => {
  const cluster = classOf(1, { answers: [[/./, ""]] });
  const steps = plan(cluster, dead, facts);
  t.deepEqual(describeSteps(steps), [
    "manager: unmount and mount /srv/swarmhub (its file system returns errors, as XFS does after a disk failure)",
  ]);
  await runAll(steps);
  const [script = ""] = cluster.manager.asked;
  t.regex(script, /docker stop swarmhub-quota.*\n.*stop nfs-server\n.*umount/);
  t.is(shellProblems(script.slice("script ".length)), "");
});

test("a missing disk is reported, and no step is planned", (t) => {
  for (const device of [undefined, { ...homes, label: "photos" }]) {
    const error = planError(t, () => plan(classOf(1), { ...dead, device }, facts));
    t.regex(error.message, /^manager: the homes' disk \/dev\/vdb is gone/);
    t.regex(error.hint ?? "", /attach it again/);
    t.is(error.code, exitCode.preflight);
  }
});
