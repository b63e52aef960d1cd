import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { statusOf, writeStatus } from "../../quota/status.js";

const now = { date: new Date("2026-11-21T06:00:00Z"), uptime: 77.9 };
const trash = { entries: 1, erased: ["bob.20261021T120000Z"] };
const took = { pass: 12, fullScan: 340 };
const surroundings = { limits: { bytes: 4096, files: 10 }, trash, took, now };

test("watcher.json is replaced as a whole and no temporary file stays", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "swarmhub-quota-"));
  t.teardown(() => rm(root, { recursive: true }));
  const ignored = Array.from({ length: 30 }, (_, index) => ({ name: `.${index}`, reason: "no" }));
  const failures = [{ home: "ada", reason: "no" }];
  const over90 = ["bob"];
  const report = {
    homes: 3,
    highestId: 9,
    repaired: [],
    failures,
    ignored,
    over90,
    isBehind: false,
  };
  await writeStatus(root, statusOf({ problem: "first" }, surroundings));
  await writeStatus(root, statusOf(report, surroundings));
  t.deepEqual(await readdir(root), ["watcher.json"]);
  t.deepEqual(JSON.parse(await readFile(join(root, "watcher.json"), "utf8")), {
    at: "2026-11-21T06:00:00.000Z",
    uptime: 77,
    took,
    limitBytes: 4096,
    limitFiles: 10,
    trash,
    homes: 3,
    highestId: 9,
    failures,
    ignored: ignored.slice(0, 20),
    over90: ["bob"],
  });
});

test("the status after a pass that could not run has the reason, and no homes", (t) => {
  t.deepEqual(statusOf({ problem: "lsattr did not run" }, { ...surroundings, limits: undefined }), {
    at: "2026-11-21T06:00:00.000Z",
    uptime: 77,
    took,
    trash,
    homes: 0,
    highestId: 0,
    failures: [],
    ignored: [],
    over90: [],
    problem: "lsattr did not run",
  });
});
