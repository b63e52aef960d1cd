import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { configFrom } from "../../src/config/load.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { engine } from "../../src/pieces/engine.js";
import { network } from "../../src/pieces/network.js";
import { packages } from "../../src/pieces/packages.js";
import { poolScript } from "../../src/pieces/shared/docker-settings.js";
import { classWith, complaintsOf } from "../config/support/complaints.js";
import { classOf, describeSteps, machinesOf, planError } from "../support/class-of.js";
import { shellProblems } from "./support/shell.js";

const pool = '"default-address-pools": [{"base": "10.201.0.0/16", "size": 20}]';
const cluster = classOf(0, {
  config: { engine: { registryMirrors: [], addressPool: "10.201.0.0/16" } },
});
const blank = machinesOf(cluster)(cluster.manager).facts;
const installed = { packages: { "docker.io": "26.1.5" }, units: { "docker.service": "active" } };
const daemon = (content: string) => ({ files: { [paths.dockerConfiguration]: content } });

test("an address pool is a private network with room for 16 networks of Docker's", (t) => {
  const value = (text: string) => classWith(`engine: {address-pool: ${text}}`);
  t.is(configFrom(value("10.210.0.0/16"), "/c.yaml").engine.addressPool, "10.210.0.0/16");
  for (const [text, reason] of [
    ["10.210.0.0", /expected a private IPv4 network such as/],
    ["203.0.112.0/20", /in 10\/8, 172\.16\/12 or 192\.168\/16/],
    ["10.210.0.0/24", /from \/12 to \/20/],
    ["10.210.1.0/16", /no address has bits after \/16/],
  ] as const)
    t.regex(complaintsOf(value(text)).join(), reason);
});

test("the pool is in daemon.json before Docker is installed, beside other settings, and the former file is kept", (t) => {
  const facts = { ...blank, ...daemon('{"log-driver": "local"}') };
  const script = poolScript(cluster.config, facts) ?? "";
  t.is(shellProblems(script), "");
  const root = mkdtempSync(join(tmpdir(), "swarmhub-pool-"));
  t.teardown(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "etc/docker"), { recursive: true });
  writeFileSync(join(root, paths.dockerConfiguration), '{"log-driver": "local"}');
  execFileSync("sh", ["-ec", script.replaceAll("/etc/", `${root}/etc/`)]);
  t.deepEqual(JSON.parse(readFileSync(join(root, paths.dockerConfiguration), "utf8")), {
    "log-driver": "local",
    "default-address-pools": [{ base: "10.201.0.0/16", size: 20 }],
  });
  t.true(existsSync(join(root, paths.dockerConfigurationBefore)));
  const steps = packages.plan(cluster.config, machinesOf(cluster), cluster);
  t.regex(describeSteps(steps)[0] ?? "", /install docker\.io/);
});

test("a Docker that has its networks is refused with the way to move them, and one with the pool is not", (t) => {
  const plan = (facts: Partial<Facts>) =>
    engine.plan(cluster.config, machinesOf(cluster, facts), cluster);
  t.deepEqual(describeSteps(plan({ ...installed, ...daemon(`{${pool}}`) })), []);
  t.notThrows(() => plan({}), "Docker is not installed yet");
  const foreign = planError(t, () => plan(installed));
  t.regex(foreign.message, /Docker has its networks already/);
  t.regex(foreign.hint ?? "", /ip link delete docker0/);
  const ours = planError(t, () =>
    plan({ ...installed, files: { [paths.installedPackages]: "containerd\ndocker.io\n" } }),
  );
  t.regex(ours.hint ?? "", /`swarmhub down`, then `swarmhub up`/);
});

test("`down` takes the pool out of daemon.json again, and keeps what others wrote since", async (t) => {
  const files = {
    [paths.dockerConfiguration]: `{"debug": true, ${pool}}`,
    [paths.dockerConfigurationBefore]: "{}",
  };
  const recording = classOf(0, {
    answers: [[/daemon/, ""]],
    config: cluster.config,
  });
  const steps = engine.remove(machinesOf(recording, { files }), recording);
  t.deepEqual(describeSteps(steps), ["manager: restore Docker's registry mirrors and networks"]);
  for (const step of steps) await step.run(() => {});
  const script = recording.manager.asked.join("\n");
  t.regex(script, /"debug": true/);
  t.notRegex(script, /default-address-pools/);
});

test("the class's own network does not overlap Docker's pool", (t) => {
  const [step] = network.plan(
    cluster.config,
    { machines: machinesOf(cluster), networks: [], servers: 0 },
    cluster,
  );
  t.regex(step?.detail ?? "", /^10\.223\./);
});
