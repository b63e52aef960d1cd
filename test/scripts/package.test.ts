import { appendFile, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { copyCheckout, output, run } from "./support/checkout.js";

/** Packs the checkout and installs the package globally below an empty prefix; returns both folders. */
const installPackage = async () => {
  const checkout = await copyCheckout();
  const printed = await output(checkout, "npm", "pack", "--silent");
  const tarball = join(checkout, printed.split("\n").at(-1) ?? "");
  const prefix = join(checkout, "build/prefix");
  await mkdir(prefix, { recursive: true });
  await output(prefix, "npm", "install", "--global", "--prefix", prefix, tarball);
  return { checkout, prefix };
};

const filesBelow = async (folder: string): Promise<{ path: string; bytes: number }[]> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    found
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return { path: path.slice(folder.length + 1), bytes: (await stat(path)).size };
      }),
  );
};

test("the package installs without a registry, contains only the bundle, and its program runs", async (t) => {
  const { checkout, prefix } = await installPackage();
  const modules = join(prefix, "lib/node_modules");
  const installed = join(modules, "swarmhub");
  t.deepEqual(await readdir(modules), ["swarmhub"]);
  t.deepEqual(
    new Set(await readdir(installed)),
    new Set(["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"]),
  );
  const files = await filesBelow(installed);
  const unwanted = /(^|\/)(scripts|test|lab|node_modules)\/|\.(map|node)$/;
  t.deepEqual(
    files.filter(({ path }) => unwanted.test(path)),
    [],
  );
  const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  t.true(megabytes < 4, `${megabytes.toFixed(1)} MB`);
  t.regex(await readFile(join(installed, "dist/third-party-licenses.txt"), "utf8"), /^--- ssh2 /m);

  const swarmhub = join(prefix, "bin/swarmhub");
  const commit = await output(checkout, "git", "rev-parse", "--short=12", "HEAD");
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  t.is(await output(prefix, swarmhub, "--version"), `${version} (commit ${commit})`);
  t.regex(await output(prefix, swarmhub, "--help"), /^Usage: swarmhub [^]*\n {2}up /);
  const images = await output(prefix, swarmhub, "images", "ls", "quay.io/geo");
  t.is(images.split("\n").length, 5);

  const answers = ["--name", "geo-101", "--manager", "missing", "--device", "/dev/vdb"];
  t.regex(await output(prefix, swarmhub, "init", ...answers), /^Wrote swarmhub\.yaml/);
  await output(prefix, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key");
  const login = "HostName 127.0.0.1\nPort 1\nUser ada\nUserKnownHostsFile /dev/null";
  const sshConfig = `Host missing\n${login}\nIdentityFile ${join(prefix, "key")}\nIdentityAgent none\n`;
  await writeFile(join(prefix, "ssh_config"), sshConfig);
  const check = await run(prefix, swarmhub, "--ssh-config", "ssh_config", "check");
  t.is(check.code, 5, check.stderr);
  t.regex(check.stderr, /^error: missing: .*127\.0\.0\.1.*\n {2}→ /m);
  t.notRegex(check.stderr, /\n {4}at /);

  await appendFile(join(checkout, "src/cli.ts"), "\n");
  await output(checkout, "npm", "run", "--silent", "build");
  t.is(
    await output(checkout, "dist/swarmhub.js", "--version"),
    `${version} (commit ${commit} with uncommitted changes)`,
  );
});
