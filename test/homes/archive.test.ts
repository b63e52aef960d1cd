import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { CommandError, exitCode } from "../../src/errors.js";
import { archiveHome } from "../../src/homes/archive.js";
import { userError } from "../support/fakes.js";
import { localStorage } from "./support/local-storage.js";

const quiet = () => ({ signal: new AbortController().signal, onBytes: () => {} });

test("an archive contains the home byte for byte, is readable by its owner only, and no other file is left", async (t) => {
  const { host, folder } = await localStorage(t);
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
  await mkdir(join(folder, "homes/ada/a b"), { recursive: true });
  await writeFile(join(folder, "homes/ada/a b/x"), bytes);
  await mkdir(join(folder, "to"));
  const path = join(folder, "to/ada.tar.gz");
  const archive = await archiveHome(host, "ada", path, quiet());
  t.deepEqual(await readdir(join(folder, "to")), ["ada.tar.gz"]);
  const { mode, size } = await stat(path);
  t.is(mode & 0o777, 0o600);
  t.is(archive.bytes, size);
  t.true(execFileSync("tar", ["-xzOf", path, "ada/a b/x"]).equals(bytes));
});

test("an existing file is not overwritten, nor one that appears meanwhile", async (t) => {
  const { host, folder } = await localStorage(t);
  const path = join(folder, "ada.tar.gz");
  const { run } = host;
  await mkdir(join(folder, "homes/ada"));
  host.run = async (...words) => {
    await writeFile(path, "precious");
    return run(...words);
  };
  for (const _ of ["meanwhile", "before"]) {
    const error = await userError(archiveHome(host, "ada", path, quiet()));
    t.regex(error.message, /already exists, and archives never overwrite a file/);
    t.is(await readFile(path, "utf8"), "precious");
  }
  t.false((await readdir(folder)).some((name) => name.startsWith(".ada")));
});

test("an archive that fails or is interrupted leaves no file", async (t) => {
  const { host, folder } = await localStorage(t);
  const to = join(folder, "to");
  await mkdir(to);
  const path = join(to, "ada.tar.gz");
  host.run = (_argv, { into } = {}) => {
    into?.write("half of it");
    throw new CommandError("node1", "tar", { code: 2, stdout: "", stderr: "tar: disk gone" });
  };
  t.regex((await userError(archiveHome(host, "ada", path, quiet()))).message, /disk gone/);
  const interrupt = new AbortController();
  host.run = (_argv, { into } = {}) =>
    new Promise((_, reject) => {
      into?.once("error", reject);
      interrupt.abort();
    });
  const work = archiveHome(host, "ada", path, { ...quiet(), signal: interrupt.signal });
  t.is((await userError(work)).code, exitCode.interrupted);
  t.deepEqual(await readdir(to), []);
  const nowhere = archiveHome(host, "ada", join(to, "no/ada.tar.gz"), quiet());
  t.regex((await userError(nowhere)).message, /its folder does not exist/);
});

test("tar's warning that a file changed while it was read is passed on, and the archive stays", async (t) => {
  const { host, folder } = await localStorage(t);
  const path = join(folder, "ada.tar.gz");
  host.run = async (_argv, { into } = {}) => {
    into?.write("all of it");
    const stderr = "tar: ada/x: file changed as we read it\n";
    throw new CommandError("node1", "tar", { code: 1, stdout: "", stderr });
  };
  const { warning } = await archiveHome(host, "ada", path, quiet());
  t.is(warning, "tar: ada/x: file changed as we read it");
  t.is(await readFile(path, "utf8"), "all of it");
});
