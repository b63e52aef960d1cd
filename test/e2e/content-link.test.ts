import test from "ava";
import { artefactFolder } from "./support/artefacts.js";
import { withExtension } from "./support/extension/installed.js";
import { outputOf } from "./support/isolated-program.js";
import { jupyterLabCommand } from "./support/python-environment.js";

// Real JupyterLabs and a real git server with HTTPS on loopback, behind the real hub, proxy and edge. Needs no lab.

/** The users' servers: a Swarm would resolve their names. */
const hosts = ["amira", "ben", "carla"].map(
  (user, index) => `127.0.0.${index + 2} geo-101-nb-${user}`,
);

test("the address of swarmhub link opens the file in JupyterLab and keeps a student's work; without the repository everybody reads why", async (t) => {
  t.timeout(900_000);
  const folder = await artefactFolder("content-link");
  t.log(`screenshots: ${folder}`);
  const env = { SINGLEUSER: await jupyterLabCommand() };
  const output = await outputOf("content/program", withExtension({ hosts, env, argv: [folder] }));
  const seen = JSON.parse(output) as Record<string, unknown>;
  t.log(seen);
  const file = "größe #1 (100%).ipynb";
  const path = `Übung 1/${file}`;
  const notice =
    "The files of this class could not be fetched from its repository, so they are not in your home folder. Please tell your instructor.";
  const { files, ...rest } = seen as { files: Record<string, string> };
  t.deepEqual(Object.keys(files), [path]);
  const warning = "No new content from https://git.example.org/later/.git:";
  t.deepEqual(rest, {
    absent: { notice, warning: `${warning} it does not exist.`, files: {} },
    private: {
      notice,
      warning: `${warning} it is private or does not exist; a private one needs a token (servers.content.token).`,
      files: {},
    },
    "first opening": [file, "# First version"],
    "running server": [file, "# First version\nprint('my work')"],
    "second opening": [file, "# First version\nprint('my work')"],
    "my work is in": [path],
    "the new version is in": ["Übung 1/größe #1 (100%) (new 2).ipynb"],
  });
});
