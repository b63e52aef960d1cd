import test from "ava";
import { exitCode } from "../../../src/errors.js";
import { settingsInFlags } from "../../../src/host/docker-flags.js";
import { engine } from "../../../src/pieces/engine.js";
import { classOf, describeSteps, machinesOf, planError } from "../../support/class-of.js";

const plan = (flags: string, config: object = {}) => {
  const cluster = classOf(0, { config });
  const facts = {
    units: { "docker.service": "active" },
    packages: { "docker.io": "26.1.5" },
    dockerFlags: settingsInFlags(flags.split(" ")),
  };
  return engine.plan(cluster.config, machinesOf(cluster, facts), cluster);
};

for (const [flags, shown, reason] of [
  ["--userns-remap default", "--userns-remap=default", /could neither use Docker's socket/],
  ["--iptables=0", "--iptables=false", /users' servers would have no network/],
  ["--firewall-backend=nftables", "--firewall-backend=nftables", /Docker refuses in a Swarm/],
  ["--live-restore", "--live-restore", /Docker refuses in a Swarm/],
  ["--config-file /etc/own.json", "--config-file=/etc/own.json", /swarmhub reads and writes/],
] as const)
  test(`a Docker that runs with ${flags} is refused, with the place of the flag`, (t) => {
    const error = planError(t, () => plan(flags));
    t.true(error.message.startsWith(`manager: Docker runs with ${shown}, `), error.message);
    t.regex(error.message, reason);
    t.is(error.code, exitCode.preflight);
    t.is(
      error.hint,
      "remove that flag from DOCKER_OPTS in /etc/default/docker on manager, or from the file that `systemctl cat docker` shows there; then type there: sudo systemctl daemon-reload && sudo systemctl restart docker",
    );
  });

test("flags with which a class works are no obstacle", (t) => {
  const flags =
    "-H fd:// --iptables --live-restore=false --userns-remap= --firewall-backend iptables --config-file=/etc/docker/daemon.json --registry-mirror https://m.example.org --data-root /data";
  t.deepEqual(describeSteps(plan(flags)), []);
});

const mirror = "https://mirror.example.org";
const withMirror = { engine: { registryMirrors: [mirror] } };

test("registry mirrors of a flag are refused beside others, since Docker would not start with both", (t) => {
  t.deepEqual(describeSteps(plan(`--registry-mirror=${mirror}/`, withMirror)), []);
  const error = planError(t, () => plan("--registry-mirror=https://other.example.org", withMirror));
  t.is(
    error.message,
    "manager: Docker runs with --registry-mirror=https://other.example.org, and would not start with other mirrors in /etc/docker/daemon.json",
  );
  t.regex(
    error.hint ?? "",
    /^delete engine\.registry-mirrors, or remove that flag from DOCKER_OPTS/,
  );
});

test("a pool of a flag counts like one of daemon.json, and another one is removed before ours is written", (t) => {
  const withPool = { engine: { registryMirrors: [], addressPool: "10.201.0.0/16" } };
  const flag = (size: number) => `--default-address-pool base=10.201.0.0/16,size=${size}`;
  t.deepEqual(describeSteps(plan(flag(20), withPool)), []);
  const error = planError(t, () => plan(flag(24), withPool));
  t.regex(error.message, /Docker has its networks already/);
  t.regex(error.hint ?? "", /^delete the key, or remove the flag --default-address-pool/);
  t.regex(
    error.hint ?? "",
    /, add "default-address-pools".*`sudo systemctl daemon-reload; sudo systemctl stop/,
  );
});
