import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { statusOf, writeStatus } from "../../quota/status.js";

const at = new Date("2026-11-21T06:00:00Z");

test("watcher.json is replaced as a whole and leaves nothing beside it", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "swarmhub-quota-"));
  t.teardown(() => rm(root, { recursive: true }));
  const ignored = Array.from({ length: 30 }, (_, index) => ({ name: `.${index}`, reason: "no" }));
  const failures = [{ home: "ada", reason: "no" }];
  const report = { homes: 3, mended: [], failures, ignored, over90: ["bob"], isBehind: false };
  await writeStatus(root, statusOf({ problem: "first" }, 4096, at));
  await writeStatus(root, statusOf(report, 4096, at));
  t.deepEqual(await readdir(root), ["watcher.json"]);
  t.deepEqual(JSON.parse(await readFile(join(root, "watcher.json"), "utf8")), {
    at: "2026-11-21T06:00:00.000Z",
    limitBytes: 4096,
    homes: 3,
    failures,
    ignored: ignored.slice(0, 20),
    over90: ["bob"],
  });
});

test("a pass that could not be made says why, and claims no homes", (t) => {
  t.deepEqual(statusOf({ problem: "lsattr did not run" }, 4096, at), {
    at: "2026-11-21T06:00:00.000Z",
    limitBytes: 4096,
    homes: 0,
    failures: [],
    ignored: [],
    over90: [],
    problem: "lsattr did not run",
  });
});
