import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { assetPath } from "../../src/operator/assets.js";
import { outputOf } from "./support/isolated-program.js";
import { pythonEnvironment } from "./support/python-environment.js";

// Real JupyterLab in Chromium on loopback, behind the real hub, proxy and edge. Needs no lab: JupyterLab is in an environment of its own.
const versions = [
  ["JupyterLab 4", ["jupyterlab==4.6.6", "jupyterhub==6.1.1"]],
  ["JupyterLab 3", ["jupyterlab==3.6.8", "jupyterhub==4.1.6"]],
] as const;
const hosts = ["127.0.0.2 geo-101-nb-bob"];

/** Puts the extension where a server of a class has it. */
const prepare = `mount -t tmpfs none /usr/local/share
place=/usr/local/share/jupyter/labextensions/swarmhub-class
mkdir -p $place/static
cp "$EXTENSION/package.json" $place/
cp "$EXTENSION/class.js" $place/static/
mount -t tmpfs none /usr/local/etc
settings=/usr/local/etc/jupyter/labconfig/default_setting_overrides.d
mkdir -p $settings
cp "$EXTENSION/settings.json" $settings/swarmhub.json`;

const run = async (
  packages: readonly string[],
  screenshots: string,
): Promise<Record<string, unknown>> => {
  const name = packages.join("-").replaceAll("==", "-");
  const environment = await pythonEnvironment(name, packages);
  const env = {
    EXTENSION: assetPath("hub/labextension"),
    SINGLEUSER: `${environment}/bin/jupyterhub-singleuser --LabApp.news_url=None --allow-root`,
  };
  const isolation = { hosts, prepare, env, argv: [screenshots] };
  return JSON.parse(await outputOf("extension/program", isolation)) as Record<string, unknown>;
};

for (const [version, packages] of versions)
  test.serial(
    `an open ${version} shows an announcement within 15 s and calls for help, on the class's own host and on the user's`,
    async (t) => {
      t.timeout(600_000);
      const folder = await mkdtemp(join(tmpdir(), "swarmhub-extension-"));
      await mkdir(folder, { recursive: true });
      t.log(`screenshots: ${folder}`);
      const seen = await run(packages, folder);
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
        notice: "Your server reached its memory limit <b>(1 GB)</b>",
        "closed notice": 0,
        "token with the question": ["token "],
        "requests while hidden": 0,
        "taken off by the student": "Running",
        errors: [],
      };
      t.deepEqual(seen, { "one host": works, subdomains: works });
    },
  );
