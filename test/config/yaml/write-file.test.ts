import {
  chmod,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { rewriteFile } from "../../../src/config/yaml/write-file.js";
import { exitCode } from "../../../src/errors.js";
import { userError } from "../../support/fakes.js";

const folderOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-rewrite-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

test("a file is replaced with the same mode, also through a link, and no other file is left", async (t) => {
  const folder = await folderOf(t);
  const [file, link] = [join(folder, "class.yaml"), join(folder, "link.yaml")];
  await writeFile(file, "\uFEFFname: größe\n");
  await chmod(file, 0o640);
  await symlink("class.yaml", link);
  t.true(await rewriteFile(link, (text) => text.replace("größe", "a")));
  t.is(await readFile(file, "utf8"), "\uFEFFname: a\n");
  t.is((await stat(file)).mode & 0o777, 0o640);
  t.is(await readlink(link), "class.yaml");
  t.deepEqual((await readdir(folder)).toSorted(), ["class.yaml", "link.yaml"]);
});

test("an unchanged file is not written", async (t) => {
  const file = join(await folderOf(t), "class.yaml");
  await writeFile(file, "a");
  const before = await stat(file);
  t.false(await rewriteFile(file, (text) => text));
  t.is((await stat(file)).ino, before.ino);
});

test("an edit that throws or a missing file changes nothing", async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, "class.yaml");
  await writeFile(file, "a");
  const refuse = () => {
    throw new Error("no");
  };
  await t.throwsAsync(rewriteFile(file, refuse), { message: "no" });
  t.deepEqual(await readdir(folder), ["class.yaml"]);
  t.is((await userError(rewriteFile(join(folder, "other"), (text) => text))).code, exitCode.usage);
});
