import { chmod, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { copyCheckout, output, run } from "./support/checkout.js";

/** A copy of the checkout whose changelog has two entries that are not released. */
const releasable = async (unreleased = "- One change.\n- Another one.\n"): Promise<string> => {
  const checkout = await copyCheckout();
  const text = `# Changelog\n\n## Unreleased\n\n${unreleased}\n## 0.0.1 (2026-01-01)\n\n- The first one.\n`;
  await commit(checkout, "CHANGELOG.md", text);
  return checkout;
};

const commit = async (checkout: string, file: string, content: string): Promise<void> => {
  await writeFile(join(checkout, file), content);
  await output(checkout, "git", "commit", "-qam", `Change ${file}`);
};

/** Everything that a release may change. */
const stateOf = async (checkout: string): Promise<string[]> => [
  await output(checkout, "git", "log", "--format=%H %s"),
  await output(checkout, "git", "tag", "--list"),
  await output(checkout, "git", "status", "--porcelain", "--ignored"),
  ...(await readdir(checkout)),
];

/** A folder with a `docker` that answers as an empty registry would, and a `npm` that fails to pack while the file `fails` exists. */
const fakePrograms = async (checkout: string): Promise<string> => {
  const folder = join(checkout, "build/programs");
  await mkdir(folder, { recursive: true });
  const npm = await output(checkout, "bash", "-c", "command -v npm");
  const scripts = {
    docker: `echo "$*" >>${folder}/calls\ncase $1 in manifest) exit 1 ;; build) cat >/dev/null ;; esac`,
    npm: `if [ "$1" = pack ] && rm ${folder}/fails 2>/dev/null; then exit 1; fi\nexec ${npm} "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  await writeFile(join(folder, "fails"), "");
  return folder;
};

test("a dry run prints each step and changes nothing", async (t) => {
  const checkout = await releasable();
  const before = await stateOf(checkout);
  t.is(
    await output(checkout, "scripts/release", "0.2.0", "--dry-run"),
    `would commit "Release 0.2.0": the version, and the section "Unreleased" of CHANGELOG.md (2 entries) becomes "0.2.0"
would tag it v0.2.0
would make the package build/release/swarmhub-0.2.0.tgz

To publish the release:
  git push origin HEAD v0.2.0
  npm publish build/release/swarmhub-0.2.0.tgz`,
  );
  t.deepEqual(await stateOf(checkout), before);
});

test("a release is refused for a changed file, an existing version, an empty changelog section and a wrong version", async (t) => {
  const checkout = await releasable();
  const refused = async (code: number, message: RegExp, ...argv: string[]): Promise<void> => {
    const before = await stateOf(checkout);
    const ended = await run(checkout, "scripts/release", ...argv);
    t.is(ended.code, code, ended.stderr);
    t.regex(ended.stderr, message);
    t.deepEqual(await stateOf(checkout), before);
  };
  await refused(2, /scripts\/release VERSION/);
  await refused(2, /scripts\/release VERSION/, "1.2");
  await refused(1, /version 0\.0\.1 exists: CHANGELOG\.md has a section/, "0.0.1");
  await output(checkout, "git", "tag", "v0.2.0");
  await refused(
    1,
    /version 0\.2\.0 exists: the tag v0\.2\.0 is at .*"Change CHANGELOG\.md"/,
    "0.2.0",
  );
  await writeFile(join(checkout, "new.txt"), "");
  await refused(
    1,
    /the working tree has changes; commit them first\. .*\n {2}\?\? new\.txt/,
    "0.3.0",
  );
  await output(checkout, "rm", "new.txt");
  await commit(
    checkout,
    "CHANGELOG.md",
    "# Changelog\n\n## Unreleased\n\n## 0.0.1\n\n- The first one.\n",
  );
  await refused(1, /the section "Unreleased" of CHANGELOG\.md is empty/, "0.3.0");
});

test("an interrupted release continues where it stopped, and its package names version and commit", async (t) => {
  const checkout = await releasable();
  const programs = await fakePrograms(checkout);
  const path = `PATH=${programs}:${process.env["PATH"]}`;
  const release = () =>
    run(checkout, "env", path, "scripts/release", "0.2.0", "--images", "quay.io/geo");
  const stopped = await release();
  t.is(stopped.code, 1);
  t.regex(stopped.stdout, /^commit .*\ntag it v0\.2\.0\nmake the package .*\n$/);
  const released = await output(checkout, "git", "rev-parse", "HEAD");

  // As after an interruption between the commit and the tag.
  await output(checkout, "git", "tag", "-d", "v0.2.0");
  const ended = await release();
  t.is(ended.code, 0, ended.stderr);
  t.regex(
    ended.stdout,
    /^done already: commit "Release 0\.2\.0".*\ntag it v0\.2\.0\nmake the package .*\nbuild the images and push/,
  );
  t.deepEqual(await readdir(join(checkout, "build/release")), ["swarmhub-0.2.0.tgz"]);
  t.is(
    await output(checkout, "dist/swarmhub.js", "--version"),
    `0.2.0 (commit ${released.slice(0, 12)})`,
  );
  const calls = await readFile(join(programs, "calls"), "utf8");
  t.is(calls.match(/^push --quiet quay\.io\/geo\/\w+:[0-9a-f]{12}$/gm)?.length, 5);

  const commits = await output(checkout, "git", "rev-parse", "HEAD", "v0.2.0^{commit}");
  t.is(commits, `${released}\n${released}`);
  t.is(await output(checkout, "git", "status", "--porcelain"), "");
  t.is(
    await output(checkout, "git", "show", "--format=", "--name-only", "HEAD"),
    "CHANGELOG.md\npackage-lock.json\npackage.json",
  );
  t.regex(
    await readFile(join(checkout, "CHANGELOG.md"), "utf8"),
    /^# Changelog\n\n## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\n- One change\.\n- Another one\.\n\n## 0\.0\.1/,
  );
});
