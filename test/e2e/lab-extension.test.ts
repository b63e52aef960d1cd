import test, { type ExecutionContext } from "ava";
import { artefactFolder } from "./support/artefacts.js";
import { withExtension } from "./support/extension/installed.js";
import { outputOf } from "./support/isolated-program.js";
import { pythonEnvironment } from "./support/python-environment.js";

// Real JupyterLab and Notebook in Chromium on loopback, behind the real hub, proxy and edge. Needs no lab: each is in an environment of
// its own.
const versions = [
  ["JupyterLab 4", ["jupyterlab==4.6.6", "jupyterhub==6.1.1"]],
  ["JupyterLab 3", ["jupyterlab==3.6.8", "jupyterhub==4.1.6"]],
] as const;
const hosts = ["127.0.0.2 geo-101-nb-bob"];
const text = "<img src=x onerror=document.title='hacked'>\nWe continue at 11:30";

/** What a program saw, without the seconds, of which each must be below 15. */
const run = async (
  t: ExecutionContext,
  program: string,
  packages: readonly string[],
): Promise<Record<string, unknown>> => {
  const name = packages.join("-").replaceAll("==", "-");
  const environment = await pythonEnvironment(name, packages);
  const env = {
    SINGLEUSER: `${environment}/bin/jupyterhub-singleuser --LabApp.news_url=None --allow-root`,
  };
  const screenshots = await artefactFolder(`lab-extension/${name}`);
  t.log(`screenshots: ${screenshots}`);
  const isolation = withExtension({ hosts, env, argv: [screenshots] });
  const seen = JSON.parse(await outputOf(program, isolation)) as Record<string, unknown>;
  t.log(seen);
  for (const [what, value] of Object.entries(seen))
    if (what.startsWith("seconds")) {
      t.true(Number(value) < 15, `${what}: ${String(value)}`);
      delete seen[what];
    }
  return seen;
};

for (const [version, packages] of versions)
  test.serial(
    `an open ${version} shows an announcement within 15 s and calls for help, on the class's own host and on the user's`,
    async (t) => {
      t.timeout(600_000);
      const seen = await run(t, "extension/program", packages);
      const works = {
        text,
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

test.serial(
  "Notebook 7 shows an announcement within 15 s in the list of files and in a notebook, and calls for help from both",
  async (t) => {
    t.timeout(600_000);
    const packages = ["notebook==7.6.5", "jupyterlab==4.6.6", "jupyterhub==6.1.1", "ipykernel"];
    const page = {
      text,
      "title is hacked": false,
      "place of the button": "top-panel",
      "what the other tab says when it is shown again": "You asked for help ×",
      helped: true,
    };
    t.deepEqual(await run(t, "extension/notebook", packages), {
      tree: page,
      notebook: page,
      errors: [],
    });
  },
);
