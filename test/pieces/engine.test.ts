import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { exitCode } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { engine } from "../../src/pieces/engine.js";
import type { Step } from "../../src/reconcile/piece.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { shellProblems } from "./support/shell.js";

type Some = Parameters<typeof machinesOf>[2];
const running = { "docker.service": "active" };
const mirror = "https://mirror.example.org";
const withMirror = { config: { engine: { registryMirrors: [mirror] } } };

const plan = (cluster: ReturnType<typeof classOf>, some: Some = {}) =>
  engine.plan(cluster.config, machinesOf(cluster, { units: running }, some), cluster);
const daemon = (content: string) => ({ files: { [paths.dockerConfiguration]: content } });

test("a running Docker needs no step", (t) => {
  t.deepEqual(describeSteps(plan(classOf(2))), []);
});

test("a Docker whose firewall rules were removed is restarted where that happened", (t) => {
  t.deepEqual(describeSteps(plan(classOf(2), { worker1: { hasLostDockerRules: true } })), [
    "worker1: restart Docker, and running servers with it (a reload of the firewall removed Docker's own rules)",
  ]);
  const stopped = { units: { "docker.service": "failed" }, hasLostDockerRules: true };
  t.deepEqual(describeSteps(plan(classOf(2), { worker1: stopped })), ["worker1: start Docker"]);
});

test("a stopped Docker is started", (t) => {
  t.deepEqual(
    describeSteps(plan(classOf(2), { worker1: { units: { "docker.service": "failed" } } })),
    ["worker1: start Docker"],
  );
});

for (const [line, reason] of [
  ['"userns-remap": "default"', /could neither use Docker's socket/],
  ['"iptables": false', /users' servers would have no network/],
  ['"firewall-backend": "nftables"', /Docker refuses in a Swarm/],
] as const)
  test(`a Docker with ${line} is refused, with the line and the command`, (t) => {
    const error = planError(t, () => plan(classOf(1), { worker1: daemon(`{${line}}`) }));
    t.true(error.message.startsWith(`worker1: /etc/docker/daemon.json has ${line}, `));
    t.regex(error.message, reason);
    t.is(error.code, exitCode.preflight);
    t.regex(error.hint ?? "", /systemctl restart docker/);
  });

test("settings that say nothing else than Docker's defaults are no obstacle", (t) => {
  const content = '{"userns-remap": "", "iptables": true, "firewall-backend": "iptables"}';
  t.deepEqual(describeSteps(plan(classOf(0), { manager: daemon(content) })), []);
});

test("registry mirrors are written if they differ, before Docker is started", (t) => {
  const some = {
    manager: daemon(JSON.stringify({ "registry-mirrors": [mirror] })),
    worker1: daemon(JSON.stringify({ "registry-mirrors": ["https://other.example.org"] })),
    worker2: { units: { "docker.service": "inactive" } },
  };
  t.deepEqual(describeSteps(plan(classOf(2, withMirror), some)), [
    `worker1: use the registry mirror ${mirror}`,
    `worker2: use the registry mirror ${mirror}`,
    "worker2: start Docker",
  ]);
});

/** Runs the steps' scripts in a folder in place of the machine's /, with a systemctl that records its calls. */
const onMachine = async (
  files: Record<string, string>,
  steps: (cluster: ReturnType<typeof classOf>, facts: Partial<Facts>) => Step[],
  config: object = {},
) => {
  const root = mkdtempSync(join(tmpdir(), "swarmhub-engine-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode: 0o600 });
    }
    const cluster = classOf(0, { ...config, answers: [[/./, ""]] });
    await runAll(steps(cluster, { files, units: running }));
    const scripts = cluster.manager.asked.map((text) => text.replace(/^script /, ""));
    for (const script of scripts) {
      if (shellProblems(script) !== "") throw new Error(shellProblems(script));
      const input = `systemctl() { echo "$*" >>${root}/systemctl; }\n${script.replaceAll("/etc/", `${root}/etc/`)}`;
      execFileSync("sh", ["-s"], { input });
    }
    const read = (path: string) =>
      existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
    return {
      daemon: read(paths.dockerConfiguration),
      mode: existsSync(join(root, paths.dockerConfiguration))
        ? statSync(join(root, paths.dockerConfiguration)).mode & 0o777
        : undefined,
      before: read(paths.dockerConfigurationBefore),
      reloaded: (read("systemctl") ?? "").includes("reload docker"),
    };
  } finally {
    rmSync(root, { recursive: true });
  }
};
const doUp = (cluster: ReturnType<typeof classOf>, facts: Partial<Facts>) =>
  engine.plan(cluster.config, machinesOf(cluster, facts), cluster);
const doDown = (cluster: ReturnType<typeof classOf>, facts: Partial<Facts>) =>
  engine.remove(machinesOf(cluster, facts), cluster);
const { dockerConfiguration, dockerConfigurationBefore } = paths;

test("Docker's other settings and the file's mode are kept, and the former file is backed up", async (t) => {
  const content = '{"log-driver":"journald"}';
  const after = await onMachine({ [dockerConfiguration]: content }, doUp, withMirror);
  t.deepEqual(JSON.parse(after.daemon ?? ""), {
    "log-driver": "journald",
    "registry-mirrors": [mirror],
  });
  t.like(after, { before: content, mode: 0o600, reloaded: true });
});

test("without settings the backup is an empty file", async (t) => {
  const after = await onMachine({}, doUp, withMirror);
  t.deepEqual(after, {
    daemon: `{\n  "registry-mirrors": [\n    "${mirror}"\n  ]\n}\n`,
    mode: 0o644,
    before: "",
    reloaded: true,
  });
});

test("a second change of the mirrors keeps the first backup", async (t) => {
  const files = {
    [dockerConfiguration]: '{"registry-mirrors": ["https://b"]}',
    [dockerConfigurationBefore]: "{}",
  };
  t.is((await onMachine(files, doUp, withMirror)).before, "{}");
});

test("mirrors that are no longer configured are replaced by those from before", async (t) => {
  const files = {
    [dockerConfiguration]: `{"registry-mirrors": ["${mirror}"]}`,
    [dockerConfigurationBefore]: '{"registry-mirrors": ["https://b"]}',
  };
  t.deepEqual(describeSteps(plan(classOf(0), { manager: { files } })), [
    "manager: restore Docker's registry mirrors",
  ]);
  const after = await onMachine(files, doUp);
  t.deepEqual(JSON.parse(after.daemon ?? ""), { "registry-mirrors": ["https://b"] });
  t.deepEqual(
    describeSteps(
      plan(classOf(0), {
        manager: { files: { ...files, [dockerConfiguration]: after.daemon ?? "" } },
      }),
    ),
    [],
  );
});

test("foreign mirrors are kept if the configuration names none", (t) => {
  t.deepEqual(
    describeSteps(plan(classOf(0), { manager: daemon('{"registry-mirrors": ["https://b"]}') })),
    [],
  );
});

test("`down` restores the former file byte by byte", async (t) => {
  const before = '{ "log-driver":"journald" }';
  const now = `{"log-driver": "journald", "registry-mirrors": ["${mirror}"]}`;
  const files = { [dockerConfiguration]: now, [dockerConfigurationBefore]: before };
  t.like(await onMachine(files, doDown), { daemon: before, before: undefined, reloaded: true });
  const none = {
    [dockerConfiguration]: `{"registry-mirrors": ["${mirror}"]}`,
    [dockerConfigurationBefore]: "",
  };
  t.like(await onMachine(none, doDown), { daemon: undefined, before: undefined, reloaded: true });
});

test("`down` keeps changes made meanwhile", async (t) => {
  const now = `{"debug": true, "registry-mirrors": ["${mirror}"]}`;
  const after = await onMachine(
    { [dockerConfiguration]: now, [dockerConfigurationBefore]: "" },
    doDown,
  );
  t.is(after.daemon, '{\n  "debug": true\n}\n');
  t.is(after.before, undefined);
});

test("live-restore is refused, since Docker does not allow it in a Swarm", (t) => {
  const error = planError(t, () => plan(classOf(1), { worker1: daemon('{"live-restore": true}') }));
  t.is(
    error.message,
    'worker1: /etc/docker/daemon.json has "live-restore": true, which Docker refuses in a Swarm',
  );
  t.is(error.code, exitCode.preflight);
});

for (const content of ["{", '"text"', "[]", "null", "{'registry-mirrors': []}"])
  test(`a daemon.json of ${content} is refused and not overwritten`, (t) => {
    const error = planError(t, () => plan(classOf(0, withMirror), { manager: daemon(content) }));
    t.regex(error.message, /^manager: \/etc\/docker\/daemon\.json is not a JSON object/);
    t.is(error.code, exitCode.preflight);
  });

test("an empty daemon.json counts as missing", (t) => {
  t.deepEqual(describeSteps(plan(classOf(0), { manager: daemon(" \n") })), []);
});

test("`down` restores the settings on the machines on which swarmhub changed them", (t) => {
  const cluster = classOf(2);
  const some = { worker1: { files: { [paths.dockerConfigurationBefore]: "{}" } } };
  const remove = (changes: Some) =>
    describeSteps(engine.remove(machinesOf(cluster, {}, changes), cluster));
  t.deepEqual(remove({}), []);
  t.deepEqual(remove(some), ["worker1: restore Docker's registry mirrors"]);
});
