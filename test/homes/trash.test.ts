import { execFileSync } from "node:child_process";
import { access, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { writeOwnLimits } from "../../src/homes/set-limits.js";
import { moveToTrash, restoreFromTrash } from "../../src/homes/trash.js";
import { userError } from "../support/fakes.js";
import { localStorage } from "./support/local-storage.js";

const tree = (folder: string): string[] =>
  execFileSync("find", [folder, "-mindepth", "2", "-printf", "%P\n"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .toSorted();

test("a home moves to the trash with its note and limits, and is restored unchanged", async (t) => {
  const { host, folder } = await localStorage(t);
  await mkdir(join(folder, "homes/ada"));
  for (const name of ["homes/ada/file", "owners/ada", "limits/ada"])
    await writeFile(join(folder, name), name);
  const before = tree(folder);
  await writeFile(join(folder, "pending/ada"), "");
  const { entry, deleted } = await moveToTrash(host, "ada");
  t.true(Math.abs(Date.now() - deleted.getTime()) < 60_000);
  t.regex(entry, /^ada\.\d{8}T\d{6}Z$/);
  t.deepEqual(
    tree(folder),
    ["", "/home", "/home/file", "/limit", "/owner"].map((name) => `trash/${entry}${name}`),
  );
  await restoreFromTrash(host, { entry, home: "ada" });
  t.deepEqual(
    tree(folder),
    [...before, "pending/ada"],
    "pending until the watcher has set its limit",
  );
});

test("a missing home cannot be deleted, and an existing one is not replaced", async (t) => {
  const { host, folder } = await localStorage(t);
  t.regex((await userError(moveToTrash(host, "ada"))).message, /No such file/);
  t.deepEqual(await readdir(join(folder, "trash")), []);
  await mkdir(join(folder, "homes/ada"));
  const { entry } = await moveToTrash(host, "ada");
  await mkdir(join(folder, "homes/ada"));
  t.regex(
    (await userError(restoreFromTrash(host, { entry, home: "ada" }))).message,
    /already exists/,
  );
  await t.throwsAsync(access(join(folder, "pending/ada")));
  t.regex(
    (await userError(restoreFromTrash(host, { entry: "bob.1", home: "bob" }))).message,
    /holds no home/,
  );
});

test("limits are written or removed for every named home, and no temporary file stays", async (t) => {
  const { host, folder } = await localStorage(t);
  await writeFile(join(folder, "limits/bob"), "old");
  await writeOwnLimits(
    host,
    new Map([
      ["ada", { bytes: 1, files: 2 }],
      ["bob", undefined],
      ["carl", undefined],
    ]),
  );
  t.deepEqual(await readdir(join(folder, "limits")), ["ada"]);
  t.is(await readFile(join(folder, "limits/ada"), "utf8"), '{"bytes":1,"files":2}\n');
});
