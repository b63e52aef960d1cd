import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { temporaryFolder } from "../support/temporary-folder.js";
import { benchmarks, checkoutState, openProgress, requested } from "./progress.js";

test("`all` is every benchmark, and `p4` both of its kinds", (t) => {
  t.deepEqual(requested(["all"]), [...benchmarks]);
  t.deepEqual(requested(["p4", "p6"]), ["p6", "p4a", "p4b"]);
  t.deepEqual(requested(["p5b"]), ["p5b"]);
});

test("the same command continues after the benchmarks that are done, and starts anew when all are", (t) => {
  const folder = temporaryFolder();
  const open = () => openProgress(folder, ["p6", "p3", "p1"], "state");
  const first = open();
  first.finish("p6");
  first.finish("p1");
  t.deepEqual(first.pending(), ["p3"]);
  t.deepEqual(open().pending(), ["p3"]);
  t.deepEqual(openProgress(folder, ["p6"], "state").pending(), ["p6"], "another command");
  t.deepEqual(openProgress(folder, ["p6", "p3", "p1"], "other").pending(), ["p6", "p3", "p1"]);
  open().finish("p3");
  t.deepEqual(readdirSync(folder), []);
  t.deepEqual(open().pending(), ["p6", "p3", "p1"]);
});

test("half a file of progress counts as none", (t) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "progress-p6.json"), '{"state":');
  t.deepEqual(openProgress(folder, ["p6"], "state").pending(), ["p6"]);
});

test("a change of any file but the page of results is another state of the checkout", (t) => {
  const root = temporaryFolder();
  const git = (...argv: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...argv], {
      cwd: root,
    });
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "docs/performance.md"), "");
  writeFileSync(join(root, "code.ts"), "");
  git("init", "-q");
  git("add", "-A");
  git("commit", "-q", "-m", "First");
  const before = checkoutState(root);
  t.regex(before.commit, /^[0-9a-f]{7,}$/);
  appendFileSync(join(root, "docs/performance.md"), "| P1 |");
  t.deepEqual(checkoutState(root), before);
  appendFileSync(join(root, "code.ts"), "1");
  const once = checkoutState(root);
  t.is(once.commit, `${before.commit} and changes`);
  appendFileSync(join(root, "code.ts"), "2");
  t.is(new Set([before, once, checkoutState(root)].map(({ state }) => state)).size, 3);
});
