import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { chmod, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { extract } from "tar-stream";
import { readFirstFiles } from "../../src/operator/first-files.js";
import { folderTar } from "../../src/operator/folder.js";
import { userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folderWith = async (files: Record<string, string> = {}): Promise<string> => {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
};
const sampleFiles = { "hello.ipynb": "{}", "data/rain.csv": "7\n", "data/.hidden": "x" };

test("the size of first files is the space that a copy occupies", async (t) => {
  const { bytes, files } = await readFirstFiles(await folderWith({ ...sampleFiles, empty: "" }));
  t.is(files, 5, "the folder counts too");
  t.is(bytes, 4 * 4096, "a block each for three files and a folder, and none for the empty file");
});

test("the hash depends on contents and modes, not on the path of the folder", async (t) => {
  const hashOf = async (files: Record<string, string>) =>
    (await readFirstFiles(await folderWith(files))).hash;
  const before = await hashOf(sampleFiles);
  t.is(await hashOf({ ...sampleFiles }), before);
  t.not(await hashOf({ ...sampleFiles, "hello.ipynb": "{ }" }), before);
  t.not(await hashOf({ ...sampleFiles, more: "" }), before);
  const program = await folderWith(sampleFiles);
  await chmod(join(program, "hello.ipynb"), 0o755);
  t.not((await readFirstFiles(program)).hash, before);
});

test("the archive has folders before their content, programs as executable, and links unchanged", async (t) => {
  const folder = await folderWith({ ...sampleFiles, "run.sh": "#!/bin/sh\n" });
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
  test(`a link to ${target} is refused, as it leads out of the folder`, async (t) => {
    const folder = await folderWith(sampleFiles);
    await symlink(".", join(folder, "self"));
    await symlink(target, join(folder, "link"));
    const { message, code } = await userError(readFirstFiles(folder));
    t.regex(message, /^servers\.skeleton: .*link cannot be copied into a home: it is a link to/);
    t.is(code, 2);
  });

test("a link that leads out of the folder through another link is refused", async (t) => {
  const folder = await folderWith(sampleFiles);
  await symlink(".", join(folder, "data/self"));
  await symlink("data/self/../..", join(folder, "out"));
  t.regex((await userError(readFirstFiles(folder))).message, /out cannot be copied into a home/);
});

test("a socket is refused and not read", async (t) => {
  const folder = await folderWith(sampleFiles);
  const server = createServer().listen(join(folder, "socket"));
  t.teardown(() => void server.close());
  await once(server, "listening");
  t.regex(
    (await userError(readFirstFiles(folder))).message,
    /socket .* not a file, folder or link/,
  );
});

test("more than 50 MB or 5,000 files are refused and not read", async (t) => {
  const large = await folderWith({ big: "" });
  await truncate(join(large, "big"), 2 ** 41);
  t.regex((await userError(readFirstFiles(large))).message, /is larger than 50 MB or has more/);
  const many = await folderWith();
  for (let index = 0; index <= 5000; index += 1) writeFileSync(join(many, String(index)), "");
  t.regex((await userError(readFirstFiles(many))).message, /more than 5000 files/);
});

test("the error about a missing folder or a file in its place has its path", async (t) => {
  const missing = await userError(readFirstFiles("/nowhere/first-files"));
  t.is(missing.message, "servers.skeleton: there is no folder /nowhere/first-files");
  const file = join(await folderWith({ file: "" }), "file");
  t.is(
    (await userError(readFirstFiles(file))).message,
    `servers.skeleton: ${file} is not a folder`,
  );
});
