import { once } from "node:events";
import { chmod, mkdir, mkdtemp, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { extract } from "tar-stream";
import { readFirstFiles } from "../../src/operator/first-files.js";
import { folderTar } from "../../src/operator/folder.js";
import { userError } from "../support/fakes.js";

const folderWith = async (files: Record<string, string> = {}): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-skeleton-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
};
const usual = { "hello.ipynb": "{}", "data/rain.csv": "7\n", "data/.hidden": "x" };

test("a skeleton is counted by the room that a copy takes", async (t) => {
  const { bytes, files } = await readFirstFiles(await folderWith({ ...usual, empty: "" }));
  t.is(files, 5, "the folder too");
  t.is(bytes, 4 * 4096, "three files and a folder of a block each, and one that takes none");
});

test("the same files have the same hash wherever they lie; a change of any has another", async (t) => {
  const hashOf = async (files: Record<string, string>) =>
    (await readFirstFiles(await folderWith(files))).hash;
  const before = await hashOf(usual);
  t.is(await hashOf({ ...usual }), before);
  t.not(await hashOf({ ...usual, "hello.ipynb": "{ }" }), before);
  t.not(await hashOf({ ...usual, more: "" }), before);
  const program = await folderWith(usual);
  await chmod(join(program, "hello.ipynb"), 0o755);
  t.not((await readFirstFiles(program)).hash, before);
});

test("the archive has folders before what is in them, programs as such, and links as they are", async (t) => {
  const folder = await folderWith({ ...usual, "run.sh": "#!/bin/sh\n" });
  await chmod(join(folder, "run.sh"), 0o700);
  await symlink("data/rain.csv", join(folder, "latest.csv"));
  await symlink("../hello.ipynb", join(folder, "data/up"));
  await symlink("not-yet", join(folder, "dangling"));
  const archive = extract();
  archive.end(gunzipSync(await folderTar((await readFirstFiles(folder)).entries)));
  const found: string[] = [];
  for await (const entry of archive) {
    const { name, type, mode, linkname } = entry.header;
    found.push([type, mode?.toString(8), name, linkname ?? ""].join(" ").trim());
    entry.resume();
  }
  t.deepEqual(found, [
    "symlink 644 dangling not-yet",
    "directory 755 data",
    "file 644 data/.hidden",
    "file 644 data/rain.csv",
    "symlink 644 data/up ../hello.ipynb",
    "file 644 hello.ipynb",
    "symlink 644 latest.csv data/rain.csv",
    "file 755 run.sh",
  ]);
});

for (const target of ["/etc/passwd", "../outside", "data/../../outside", "self/../../outside"])
  test(`a link to ${target} is refused, since it leads out of the folder`, async (t) => {
    const folder = await folderWith(usual);
    await symlink(".", join(folder, "self"));
    await symlink(target, join(folder, "link"));
    const { message, code } = await userError(readFirstFiles(folder));
    t.regex(message, /^servers\.skeleton: .*link cannot go into a home: it is a link to/);
    t.is(code, 2);
  });

test("a link that leads out by way of another link is refused", async (t) => {
  const folder = await folderWith(usual);
  await symlink(".", join(folder, "data/self"));
  await symlink("data/self/../..", join(folder, "out"));
  t.regex((await userError(readFirstFiles(folder))).message, /out cannot go into a home/);
});

test("what is no file, folder or link is refused, and not read", async (t) => {
  const folder = await folderWith(usual);
  const server = createServer().listen(join(folder, "socket"));
  await once(server, "listening");
  t.regex((await userError(readFirstFiles(folder))).message, /socket .* no file, folder or link/);
  server.close();
});

test("more than 50 MB or 5,000 files are refused, and not read", async (t) => {
  const large = await folderWith({ big: "" });
  await truncate(join(large, "big"), 2 ** 41);
  t.regex((await userError(readFirstFiles(large))).message, /is larger than 50 MB or has more/);
  const many = await folderWith();
  for (let index = 0; index <= 5000; index += 1) await writeFile(join(many, String(index)), "");
  t.regex((await userError(readFirstFiles(many))).message, /more than 5000 files/);
});

test("a folder that is not there, or is none, is named", async (t) => {
  const missing = await userError(readFirstFiles("/nowhere/first-files"));
  t.is(missing.message, "servers.skeleton: there is no folder /nowhere/first-files");
  const file = join(await folderWith({ file: "" }), "file");
  t.is((await userError(readFirstFiles(file))).message, `servers.skeleton: ${file} is no folder`);
});
