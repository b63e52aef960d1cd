import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { CommandError } from "../../src/errors.js";
import { renameHome } from "../../src/homes/rename.js";
import type { FakeHost } from "../support/fakes.js";
import { userError } from "../support/fakes.js";
import { localStorage } from "./support/local-storage.js";

const renaming = { from: ["ada"], to: "ada-l", user: "ada-l" };
const nothing = async (): Promise<void> => {};

/** Storage on this machine that does not wait for its disk. */
const storageWithAda = async (t: Parameters<typeof localStorage>[0], firstFiles = "") => {
  const { host, folder } = await localStorage(t);
  const { run } = host;
  host.run = (words, options) =>
    run(
      words.map((word) => word.replace('system("sync", "-f", ".")', "")),
      options,
    );
  await mkdir(join(folder, "homes/ada"));
  await writeFile(join(folder, "homes/ada/thesis"), "years");
  await writeFile(join(folder, "owners/ada"), `{"user": "ada"${firstFiles}}\n`);
  await writeFile(join(folder, "limits/ada"), '{"bytes":1}\n');
  await mkdir(join(folder, "handouts/homes/ada"), { recursive: true });
  await writeFile(join(folder, "handouts/homes/ada/week2.json"), "{}");
  return { host, folder };
};

const treeOf = (folder: string): string[] =>
  execFileSync("find", [folder, "-mindepth", "2", "-printf", "%P\n"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .toSorted();

const renamed = [
  "handouts/homes",
  "handouts/homes/ada-l",
  "handouts/homes/ada-l/week2.json",
  "homes/ada-l",
  "homes/ada-l/thesis",
  "limits/ada-l",
  "owners/ada-l",
  "pending/ada-l",
];

test("a home gets another name with its note and its limits, and is pending until the watcher has set its limit", async (t) => {
  const { host, folder } = await storageWithAda(t, ', "firstFiles": "missing"');
  await renameHome(host, renaming, nothing);
  t.deepEqual(treeOf(folder), renamed);
  const note = JSON.parse(await readFile(join(folder, "owners/ada-l"), "utf8")) as unknown;
  t.deepEqual(note, { user: "ada-l", firstFiles: "missing" });
  t.is(await readFile(join(folder, "limits/ada-l"), "utf8"), '{"bytes":1}\n');
});

test("what a home got of the lesson's files is known under its new name, and not what a former home of that name got", async (t) => {
  const { host, folder } = await storageWithAda(t);
  await mkdir(join(folder, "handouts/homes/ada-l"));
  await writeFile(join(folder, "handouts/homes/ada-l/week1.json"), "of a home that was deleted");
  await renameHome(host, renaming, nothing);
  t.deepEqual(treeOf(folder), renamed);
});

test("a rename replaces no home, and says when there is nothing to rename", async (t) => {
  const { host, folder } = await storageWithAda(t);
  await mkdir(join(folder, "homes/bob"));
  const before = treeOf(folder);
  const bob = { from: ["ada"], to: "bob", user: "bob" };
  t.regex((await userError(renameHome(host, bob, nothing))).message, /bob already exists/);
  const carl = { from: ["carl"], to: "dora", user: "dora" };
  t.is((await userError(renameHome(host, carl, nothing))).message, "node1: carl has no home");
  t.regex(
    (await userError(renameHome(host, { ...carl, to: "bob" }, nothing))).message,
    /carl has no home, and bob has one/,
  );
  t.deepEqual(treeOf(folder), before);
});

test("a link in place of the owner's note is not followed", async (t) => {
  const { host, folder } = await storageWithAda(t);
  await writeFile(join(folder, "owners/other"), '{"firstFiles": "missing"}');
  execFileSync("rm", [join(folder, "owners/ada")]);
  await symlink("other", join(folder, "owners/ada"));
  await renameHome(host, renaming, nothing);
  t.is(await readFile(join(folder, "owners/ada-l"), "utf8"), '{"user":"ada-l"}\n');
});

const changes =
  /^( *)(?=(?:mkdir|write_file|move|unlink|link|rmdir|chown|chmod|flush|open my \$made|close \$file)\b)/gm;

/** Lets the programs die by SIGKILL before their change with this number; a file counts the changes. */
const killedAt = (host: FakeHost, folder: string, number: number): FakeHost => {
  const counter = join(folder, "changes");
  const step = `sub step { open my $file, ">>", "${counter}"; print $file "."; close $file; kill 9, $$ if -s "${counter}" > ${number} }`;
  return {
    ...host,
    run: ([perl = "", option = "", program = "", ...words], options) =>
      host.run(
        [perl, option, `${step}\n${program.replaceAll(changes, "$1step(); ")}`, ...words],
        options,
      ),
  };
};

test("a rename that is killed before any of its changes is completed by the next one, and the home is always somewhere", async (t) => {
  let kills = 0;
  for (let number = 0; number < 60; number++) {
    const { host, folder } = await storageWithAda(t);
    const error: unknown = await renameHome(
      killedAt(host, folder, number),
      renaming,
      nothing,
    ).catch((thrown: unknown) => thrown);
    const homes = treeOf(folder).filter((path) => path.endsWith("/thesis"));
    t.is(homes.length, 1, `killed before change ${number}`);
    if (error === undefined) continue;
    t.true(error instanceof CommandError);
    kills++;
    const isComplete =
      (await readdir(join(folder, "trash"))).length === 0 && homes[0] === "homes/ada-l/thesis";
    if (!isComplete) await renameHome(host, renaming, nothing);
    t.deepEqual(treeOf(folder), renamed, `killed before change ${number}`);
    t.is(await readFile(join(folder, "owners/ada-l"), "utf8"), '{"user":"ada-l"}\n');
    t.is(await readFile(join(folder, "limits/ada-l"), "utf8"), '{"bytes":1}\n');
  }
  t.true(kills >= 12, `${kills} kills`);
});
