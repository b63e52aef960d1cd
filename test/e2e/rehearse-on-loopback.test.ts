import { type ExecFileException, execFile, spawn } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import test from "ava";
import { slugOf } from "../../src/names.js";
import type { RoundFigures } from "../../src/rehearsal/figures.js";

// Real JupyterLabs behind the real edge, proxy and hub, in a network namespace of their own. Needs no lab.
const version = "4.6.6";
const environment = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  `swarmhub-test/jupyterlab-${version}`,
);
const run = promisify(execFile);

test.before(async () => {
  const installed = join(environment, "installed");
  if (
    await access(installed).then(
      () => true,
      () => false,
    )
  )
    return;
  await rm(environment, { recursive: true, force: true });
  await run("python3", ["-m", "venv", environment]);
  const packages = [
    `jupyterlab==${version}`,
    "jupyterhub==6.1.1",
    "ipykernel",
    "jupyter-resource-usage",
  ];
  await run(join(environment, "bin/pip"), ["install", "-q", ...packages]);
  await writeFile(installed, "");
});

type Seen = {
  good: RoundFigures;
  bad: RoundFigures;
  queued: RoundFigures;
  left: string[];
  services: string[];
};

/** The hosts of the users' servers: a Swarm would resolve their names. */
const hosts = [1, 2, 3, 4].map(
  (number) => `127.0.0.${number + 1} geo-101-nb-${slugOf(`Rehearsal-${number}`)}`,
);

const rehearseOnLoopback = async (): Promise<Seen> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-rehearsal-"));
  await writeFile(join(folder, "hosts"), ["127.0.0.1 localhost", ...hosts, ""].join("\n"));
  const program = new URL("support/rehearsal/program.js", import.meta.url).pathname;
  const script = `ip link set lo up && mount --bind "$HOSTS" /etc/hosts && exec "$0" "$@"`;
  const argv = ["--net", "--mount", "sh", "-c", script, process.execPath, program, folder];
  const singleuser = `${environment}/bin/jupyterhub-singleuser --allow-root`;
  const child = spawn("unshare", argv, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOSTS: join(folder, "hosts"), SINGLEUSER: singleuser },
  });
  const [talk, [code]] = await Promise.all([
    text(child.stderr),
    once(child, "exit") as Promise<[ExecFileException["code"] | null]>,
  ]);
  if (code !== 0) throw new Error(`the program ended with ${code}: ${talk.slice(-2000)}`);
  const seen = JSON.parse(await readFile(join(folder, "seen.json"), "utf8")) as Seen;
  await rm(folder, { recursive: true });
  return seen;
};

test("people of a rehearsal work in real JupyterLabs, a cell that ends its kernel is named, and nothing of them stays", async (t) => {
  t.timeout(600_000);
  const { good, bad, queued, left, services } = await rehearseOnLoopback();
  t.log(good.phases, { requests: good.requests, bytes: good.bytes, delay: good.delay });
  t.deepEqual(good.failures, []);
  t.is(good.cameIn, 3);
  // A browser's first visit has 150 requests and 2.0 MB.
  t.true(good.requests / 3 > 90, `${good.requests} requests`);
  t.true(good.bytes / 3 > 1_000_000, `${good.bytes} bytes`);
  t.like(bad.failures[0], { kind: "memory", people: 2, cells: [2] });
  t.like(queued.failures[0], { kind: "queue", people: 1 });
  t.is(queued.queued, 1);
  t.deepEqual({ left, services }, { left: [], services: [] });
});
