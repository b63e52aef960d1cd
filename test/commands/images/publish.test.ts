import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { imagesBuild, imagesPush } from "../../../src/commands/images/publish.js";
import { UserError } from "../../../src/errors.js";
import type { Terminal } from "../../../src/report/terminal.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const folder = temporaryFolder();
const calls = join(folder, "calls");
const path = process.env["PATH"];

/** Puts a `docker` with this shell script in front of the PATH; `$calls` is the file with its calls. */
const fakeDocker = async (script: string): Promise<void> => {
  await writeFile(calls, "");
  await mkdir(join(folder, "bin"), { recursive: true });
  const file = join(folder, "bin/docker");
  await writeFile(file, `#!/bin/sh\necho "$*" >>${calls}\n${script}\n`);
  await chmod(file, 0o755);
  process.env["PATH"] = `${join(folder, "bin")}:${path}`;
};

const terminal = { print: () => {}, report: { event: () => {}, close: () => {} } };
const ours = (["hub", "edge"] as const).map((name) => ({
  name,
  reference: `swarmhub/${name}:0123456789ab`,
  target: name,
  context: [],
}));
const run = (command: typeof imagesBuild, registry: string): Promise<void> =>
  command(
    { registry, json: false } as Parameters<typeof imagesBuild>[0],
    terminal as unknown as Terminal,
    new AbortController().signal,
    () => ours,
  );

const called = async (): Promise<string[]> => (await readFile(calls, "utf8")).trim().split("\n");

test.serial("images that the registry has are neither built nor pushed", async (t) => {
  await fakeDocker('case "$*" in manifest*edge:*) exit 1 ;; build*) cat >/dev/null ;; esac');
  await run(imagesPush, "quay.io/geo");
  const pushed = (await called()).filter((call) => !call.startsWith("manifest"));
  t.deepEqual(pushed, [
    "version --format {{.Server.Version}}",
    "build --quiet --target edge --tag quay.io/geo/edge:0123456789ab -",
    "push --quiet quay.io/geo/edge:0123456789ab",
  ]);
});

test.serial(
  "a registry on this machine is asked without TLS, as Docker does, and no other",
  async (t) => {
    for (const [registry, isPlain] of [
      ["127.0.0.1:5000/geo", true],
      ["localhost:5000/geo", true],
      ["localhost.example.org/geo", false],
      ["quay.io/geo", false],
    ] as const) {
      await fakeDocker("");
      await run(imagesPush, registry);
      const asked = (await called()).find((call) => call.includes(`${registry}/hub`));
      const flag = isPlain ? "--insecure " : "";
      t.is(asked, `manifest inspect ${flag}${registry}/hub:0123456789ab`);
    }
  },
);

test.serial("without Docker there is one error, which names the command to type", async (t) => {
  await fakeDocker(
    'echo "Cannot connect to the Docker daemon at unix:///x. Is it running?" >&2; exit 1',
  );
  const error = await t.throwsAsync(run(imagesBuild, "quay.io/geo"), { instanceOf: UserError });
  t.is(
    error?.reason,
    "Docker does not answer on this machine, and images are built with it: Cannot connect to the Docker daemon at unix:///x. Is it running?",
  );
  t.regex(error?.hint ?? "", /docker version/);
  t.is((await called()).length, 1);
});
