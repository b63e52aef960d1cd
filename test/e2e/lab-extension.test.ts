import { type ExecFileException, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import test from "ava";
import { assetPath } from "../../src/operator/assets.js";

// Real JupyterLab in Chromium on loopback, behind the real hub, proxy and edge. Needs no lab: JupyterLab is in an environment of its own.
const packages = ["jupyterlab==4.6.6", "jupyterhub==6.1.1"];
const environment = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  `swarmhub-test/${packages.join("-").replaceAll("==", "-")}`,
);
const exec = promisify(execFile);

test.before(async () => {
  const installed = join(environment, "installed");
  const isThere = await access(installed).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await rm(environment, { recursive: true, force: true });
  await exec("python3", ["-m", "venv", environment]);
  await exec(join(environment, "bin/pip"), ["install", "-q", ...packages]).catch(
    (error: ExecFileException & { stderr: string }) => {
      throw new Error(error.stderr);
    },
  );
  await writeFile(installed, "");
});

/** In namespaces of its own, with the addresses of users' servers, and the extension where a server of a class has it. */
const run = async (screenshots: string): Promise<Record<string, unknown>> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-hosts-"));
  await writeFile(join(folder, "hosts"), "127.0.0.1 localhost\n127.0.0.2 geo-101-nb-bob\n");
  const script = `set -e
ip link set lo up
mount --bind "$HOSTS" /etc/hosts
mount -t tmpfs none /usr/local/share
place=/usr/local/share/jupyter/labextensions/swarmhub-class
mkdir -p $place/static
cp "$EXTENSION/package.json" $place/
cp "$EXTENSION/class.js" $place/static/
mount -t tmpfs none /usr/local/etc
settings=/usr/local/etc/jupyter/labconfig/default_setting_overrides.d
mkdir -p $settings
cp "$EXTENSION/settings.json" $settings/swarmhub.json
exec "$0" "$@"`;
  const program = new URL("support/extension/program.js", import.meta.url).pathname;
  const argv = ["--net", "--mount", "sh", "-c", script, process.execPath, program, screenshots];
  const child = spawn("unshare", argv, {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      HOSTS: join(folder, "hosts"),
      EXTENSION: assetPath("hub/labextension"),
      SINGLEUSER: `${environment}/bin/jupyterhub-singleuser --LabApp.news_url=None --allow-root`,
    },
  });
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  await rm(folder, { recursive: true });
  if (code !== 0) throw new Error(`the program ended with ${code}`);
  return JSON.parse(output) as Record<string, unknown>;
};

test("an open JupyterLab shows an announcement within 15 s and calls for help, on the class's own host and on the user's", async (t) => {
  t.timeout(600_000);
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-extension-"));
  await mkdir(folder, { recursive: true });
  t.log(`screenshots: ${folder}`);
  const seen = await run(folder);
  t.log(seen);
  for (const [name, value] of Object.entries(seen))
    if (name.startsWith("seconds")) {
      t.true(Number(value) < 15, `${name}: ${String(value)}`);
      delete seen[name];
    }
  const works = {
    text: "<img src=x onerror=document.title='hacked'>\nWe continue at 11:30",
    "title is hacked": false,
    "asks about news": false,
    "after the student has closed it": 0,
    "requests while hidden": 0,
    "taken off by the student": "Running",
    errors: [],
  };
  t.deepEqual(seen, { "one host": works, subdomains: works });
});
