import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import test from "ava";
import { extract } from "tar-stream";
import { UserError, exitCode } from "../../src/errors.js";
import {
  type BuildContext,
  readBuild,
  refuseUnbuildable,
} from "../../src/operator/build-folder.js";
import { fakeConfig, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folderWith = async (files: Record<string, string> = {}): Promise<string> => {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
};
const place = { file: "swarmhub.yaml", line: 5, column: 10 };
const built = async (folder: string): Promise<BuildContext> => {
  const read = await readBuild({ folder, place });
  if (read instanceof UserError) throw read;
  return read;
};
const sampleFiles = { Dockerfile: "FROM debian:trixie\nCOPY a /a\n", a: "1", "notes/b": "2" };

test("the hash depends on the content alone, not on the path of the folder", async (t) => {
  const hashOf = async (files: Record<string, string>) =>
    (await built(await folderWith(files))).hash;
  const before = await hashOf(sampleFiles);
  t.is(await hashOf({ ...sampleFiles }), before);
  t.not(await hashOf({ ...sampleFiles, a: "2" }), before);
  t.not(await hashOf({ ...sampleFiles, Dockerfile: "FROM debian:trixie\n" }), before);
});

test("files in .dockerignore are not sent and do not change the hash", async (t) => {
  const files = { ...sampleFiles, ".dockerignore": "notes\n" };
  const one = await built(await folderWith(files));
  const other = await built(await folderWith({ ...files, "notes/c": "3" }));
  t.is(one.hash, other.hash);
  const archive = extract();
  archive.end(gunzipSync(await one.context()));
  const names: string[] = [];
  for await (const entry of archive) {
    names.push(entry.header.name);
    entry.resume();
  }
  t.deepEqual(names, [".dockerignore", "Dockerfile", "a"]);
});

test("a symbolic link is sent unchanged, and its target is not sent", async (t) => {
  const folder = await folderWith(sampleFiles);
  await symlink("/etc/passwd", join(folder, "link"));
  const { context, files } = await built(folder);
  t.is(files, 5);
  t.false(gunzipSync(await context()).includes("root:x:0"));
});

test("the base images of a Dockerfile are found, without its own stages", async (t) => {
  const Dockerfile =
    "ARG V=1\nFROM --platform=linux/amd64 debian:trixie AS one\nFROM one AS two\nfrom scratch\nFROM r:$V\nFROM quay.io/r:2\n";
  t.deepEqual((await built(await folderWith({ Dockerfile }))).bases, [
    "debian:trixie",
    "quay.io/r:2",
  ]);
});

test("a folder is read once in a run: a later change belongs to the next run", async (t) => {
  const folder = await folderWith(sampleFiles);
  const build = { folder, place };
  const first = await readBuild(build);
  await writeFile(join(folder, "a"), "3");
  t.is(await readBuild(build), first);
});

const complaint = (folder: string): Promise<UserError> => userError(built(folder));

test("a folder that is missing, is a file or has no Dockerfile is refused at its place", async (t) => {
  const folder = await folderWith({ file: "" });
  for (const wrong of [folder, join(folder, "missing"), join(folder, "file")]) {
    const { message, code } = await complaint(wrong);
    t.is(message, `swarmhub.yaml:5:10  build folder ${wrong} has no Dockerfile`);
    t.is(code, exitCode.usage);
  }
});

test("a folder with requirements.txt alone has an image: a Dockerfile is made and sent with it", async (t) => {
  const folder = await folderWith({ "requirements.txt": "pandas\n", "notes/a": "1" });
  const { made, bases, files, hash, context } = await built(folder);
  t.deepEqual(made?.from, ["requirements.txt"]);
  t.deepEqual(bases, ["quay.io/jupyter/scipy-notebook:2026-11-02"]);
  t.is(files, 4);
  t.true(gunzipSync(await context()).includes(made?.dockerfile ?? "none"));
  await writeFile(join(folder, "requirements.txt"), "numpy\n");
  t.not((await built(folder)).hash, hash);
  await writeFile(join(folder, "Dockerfile"), "FROM debian\n");
  t.is((await built(folder)).made, undefined);
});

test("a wrong line of apt.txt is an error at the place of the key", async (t) => {
  const folder = await folderWith({ "apt.txt": "git;\n" });
  const { message, hint } = await complaint(folder);
  t.is(message, `swarmhub.yaml:5:10  build folder ${folder} has "git;" in line 1 of apt.txt`);
  t.regex(hint ?? "", /names of Debian packages/);
});

test("the first line that needs BuildKit is known", async (t) => {
  const Dockerfile = "FROM a\nRUN --mount=type=cache,target=/c true\n";
  t.deepEqual((await built(await folderWith({ Dockerfile }))).buildKit, {
    line: 2,
    what: "RUN --mount",
  });
  t.is((await built(await folderWith(sampleFiles))).buildKit, undefined);
});

test("a folder that is too large is refused before it is read", async (t) => {
  const folder = await folderWith({ Dockerfile: "FROM a\n", big: "" });
  await truncate(join(folder, "big"), 101 * 2 ** 20);
  t.regex((await complaint(folder)).message, /larger than 100 MB or has more than 10000 files/);
  await writeFile(join(folder, ".dockerignore"), "big\n");
  t.is((await built(folder)).files, 2);
});

test("a password of a registry that is missing is refused with the folders", async (t) => {
  const password = { kind: "env" as const, name: "SWARMHUB_TEST_NO_SUCH_VARIABLE" };
  const config = fakeConfig({ registries: { "ghcr.io": { user: "ada", password } } });
  t.regex((await userError(refuseUnbuildable(config))).message, /^registries.ghcr.io.password /);
});

test("all folders that cannot be built are refused at once", async (t) => {
  const good = await folderWith(sampleFiles);
  const [one, other] = [await folderWith(), await folderWith()];
  const images = [good, one, other].map((folder, index) => ({
    name: String(index),
    description: "",
    image: folder,
    build: { folder, place },
    memory: 1 as never,
    cpu: 1,
  }));
  const config = fakeConfig();
  const servers = { ...config.servers, image: good, build: { folder: good, place }, images };
  const { message } = await userError(refuseUnbuildable({ ...config, servers }));
  t.is(message.split("\n").length, 2);
  await t.notThrowsAsync(refuseUnbuildable(config));
});
