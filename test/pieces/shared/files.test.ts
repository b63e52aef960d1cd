import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  fileSteps,
  removeFileSteps,
  unitSteps,
  writeScript,
} from "../../../src/pieces/shared/files.js";
import { runAll, describeSteps } from "../../support/class-of.js";
import { fakeFacts, fakeHost } from "../../support/fakes.js";
import { shellProblems } from "../support/shell.js";

const folder = mkdtempSync(join(tmpdir(), "swarmhub-file-"));
test.after.always(() => rmSync(folder, { recursive: true }));

test("any content is written unchanged, in a new folder, without a temporary file left", (t) => {
  const content = "a 'quoted' \"word\" $HOME `id` \\n %s\n\n# ü\n}\nrules\n";
  const path = join(folder, "with spaces and 'quotes'", "file");
  const script = writeScript({ path, content, mode: 0o755 });
  t.is(shellProblems(script), "");
  execFileSync("sh", ["-s"], { input: script });
  t.is(readFileSync(path, "utf8"), content);
  t.is(statSync(path).mode & 0o777, 0o755);
  t.deepEqual(readdirSync(join(path, "..")), ["file"]);
});

test("without a mode a file keeps its mode", (t) => {
  const path = join(folder, "private");
  writeFileSync(path, "old");
  chmodSync(path, 0o600);
  execFileSync("sh", ["-s"], { input: writeScript({ path, content: "new" }) });
  t.is(readFileSync(path, "utf8"), "new");
  t.is(statSync(path).mode & 0o777, 0o600);
});

test("the command that applies a file runs after the rename, and its failure fails the script", (t) => {
  const path = join(folder, "counts");
  const run = (then: string) =>
    spawnSync("sh", ["-s"], {
      input: writeScript({ path, content: "new", then }),
      encoding: "utf8",
    });
  t.is(run(`cat ${path}`).stdout, "new");
  t.not(run("false").status, 0);
});

test("an incomplete script does nothing", (t) => {
  const path = join(folder, "cut-off");
  const whole = writeScript({ path, content: "new", then: "echo done" });
  for (const length of [whole.length - 3, whole.length >> 1])
    t.not(spawnSync("sh", ["-s"], { input: whole.slice(0, length) }).status, 0);
  t.throws(() => statSync(path), { code: "ENOENT" });
});

test("a file with its content needs no step, others are written, and an existing file can be removed", async (t) => {
  const host = fakeHost("manager", { answers: [[/./, ""]] });
  const facts = fakeFacts({ files: { "/a": "same", "/b": "old" } });
  const wanted = ["/a", "/b", "/c"].map((path) => ({ path, content: "same" }));
  t.deepEqual(describeSteps(fileSteps(host, facts, wanted)), [
    "manager: write /b",
    "manager: write /c",
  ]);
  const removal = removeFileSteps(host, facts, [{ path: "/b", then: "reload" }, { path: "/c" }]);
  t.deepEqual(describeSteps(removal), ["manager: remove /b"]);
  await runAll(removal);
  t.deepEqual(host.asked, ["script {\nset -e\nrm -f /b\nreload\n}\n"]);
});

test("a changed program of a unit and the restart that runs it arrive in one script", async (t) => {
  const host = fakeHost("manager", { answers: [[/./, ""]] });
  const files = [
    { path: "/program", content: "new" },
    { path: "/unit", content: "same" },
  ];
  const facts = fakeFacts({ files: { "/program": "old", "/unit": "same" } });
  const unit = { title: "start it", detail: "", isActive: true, start: "systemctl restart it" };
  const steps = unitSteps(host, facts, files, unit);
  await runAll(steps);
  t.is(host.asked.length, 1);
  t.regex(host.asked[0] ?? "", /mv -f \/program\.swarmhub-new \/program[^]*systemctl restart it$/);
  t.notRegex(host.asked[0] ?? "", /\/unit/);
  const done = fakeFacts({ files: { "/program": "new", "/unit": "same" } });
  t.deepEqual(unitSteps(host, done, files, unit), []);
  t.is(unitSteps(host, done, files, { ...unit, isActive: false }).length, 1);
});
