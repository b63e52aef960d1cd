import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  highestIdIn,
  parseWatcherReport,
  uptimeCommand,
  watcherStatusText,
} from "../../contracts/watcher-status.js";
import { watcherStatus } from "./support/examples.js";

test("every reader of watcher.json finds in it what the watcher wrote", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-status-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "watcher.json");
  const text = watcherStatusText(watcherStatus);
  await writeFile(path, text);
  const { at, homes, over90, failures, problem } = watcherStatus;
  t.deepEqual(parseWatcherReport(text), { at: new Date(at), homes, over90, failures, problem });
  t.is(highestIdIn(text), watcherStatus.highestId);
  const uptime = execFileSync("sh", ["-c", uptimeCommand(path)], { encoding: "utf8" });
  t.is(uptime, `${watcherStatus.uptime}\n`);
});

test("half a status still tells the highest id, and nothing else is one", (t) => {
  const text = watcherStatusText({ ...watcherStatus, ignored: [] });
  t.is(highestIdIn(text.slice(0, text.indexOf('"limitBytes"'))), watcherStatus.highestId);
  t.is(highestIdIn(""), 0);
  t.is(highestIdIn('{"failures": [{"reason": "  \\"highestId\\": 9,"}]}'), 0);
});

test("what is no status is none, and what a status lacks is empty", (t) => {
  for (const text of ["", "[]", "null", "{", '{"at": "soon"}'])
    t.is(parseWatcherReport(text), undefined, text);
  const at = "2026-11-21T06:00:00.000Z";
  t.deepEqual(parseWatcherReport(JSON.stringify({ at, over90: "ada", problem: 7 })), {
    at: new Date(at),
    homes: 0,
    over90: [],
    failures: [],
  });
});
