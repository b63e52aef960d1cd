import test from "ava";
import { exitCode } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import { enginePackages } from "../../src/names.js";
import { paths } from "../../src/paths.js";
import { packages } from "../../src/pieces/packages.js";
import { purgeScript } from "../../src/pieces/packages/purge-script.js";
import { installScript } from "../../src/pieces/packages/scripts.js";
import { classOf, machinesOf, planError, describeSteps } from "../support/class-of.js";
import { shellProblems } from "./support/shell.js";

const plan = (
  cluster: ReturnType<typeof classOf>,
  changes: Parameters<typeof machinesOf>[1] = {},
  some: Parameters<typeof machinesOf>[2] = {},
) => packages.plan(cluster.config, machinesOf(cluster, { ...held, ...changes }, some), cluster);
const held: Partial<Facts> = { heldPackages: [...enginePackages], hasDockerCommand: true };

const all = { "docker.io": "26.1.5", "nfs-kernel-server": "1:2.8.3", xfsprogs: "6.13.0" };

test("blank machines get Docker, and the one with the homes also the NFS server and XFS", (t) => {
  const cluster = classOf(2);
  t.deepEqual(describeSteps(plan(cluster)), [
    "manager: install docker.io, nfs-kernel-server, xfsprogs",
    "worker1: install docker.io",
    "worker2: install docker.io",
  ]);
});

test("a separate storage server gets NFS and XFS instead of the manager", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1, { server: true }))), [
    "manager: install docker.io",
    "worker1: install docker.io",
    "server: install docker.io, nfs-kernel-server, xfsprogs",
  ]);
});

test("a machine with all packages needs no step", (t) => {
  t.deepEqual(describeSteps(plan(classOf(2), { packages: all })), []);
});

test("Docker from Docker's own packages is kept", (t) => {
  const { "docker.io": _debian, ...others } = all;
  const installed = { ...others, "docker-ce": "5:29.0.1-1~debian.13~trixie" };
  t.deepEqual(describeSteps(plan(classOf(0), { packages: installed })), []);
});

test("Docker's packages are held against upgrades during the class, and released by `down`", (t) => {
  const cluster = classOf(0);
  const some = { packages: { ...all, containerd: "1.7" }, heldPackages: ["containerd"] };
  t.deepEqual(describeSteps(plan(cluster, some)), [
    "manager: keep apt from upgrading Docker while the class is up (docker.io)",
  ]);
  const remove = (files: Record<string, string>) =>
    describeSteps(packages.remove(machinesOf(cluster, { files }), cluster));
  t.deepEqual(remove({ [paths.heldPackages]: "docker.io\n" }), [
    "manager: let apt upgrade Docker again",
  ]);
  t.is(
    remove({ [paths.heldPackages]: "", [paths.installedPackages]: "docker.io" })[0],
    "manager: let apt upgrade Docker again",
  );
});

test("an owner's docker.io without a `docker` command gets it", (t) => {
  t.deepEqual(describeSteps(plan(classOf(0), { packages: all, hasDockerCommand: false })), [
    "manager: install docker-cli",
  ]);
});

for (const [kind, reason] of [
  ["snap", /Docker is installed as a snap/],
  ["rootless", /a user runs Docker in rootless mode/],
] as const)
  test(`Docker as ${kind} is refused before the class, with the cure`, (t) => {
    const error = planError(t, () => plan(classOf(0), { otherDockers: [kind] }));
    t.regex(error.message, reason);
    t.is(error.code, exitCode.preflight);
    t.regex(error.hint ?? "", /`.*`; `swarmhub up` installs the distribution's/);
    const files = { [paths.classNote]: "geo-101\n" };
    t.notThrows(() => plan(classOf(0), { otherDockers: [kind], files }));
  });

test("a removed package is installed again", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1), { packages: { "docker.io": "26.1.5" } })), [
    "manager: install nfs-kernel-server, xfsprogs",
  ]);
});

for (const version of ["19.3.15", "1.5", "20.03.1", "18.09.1+dfsg1-7.1+deb10u3"])
  test(`Docker ${version} is refused`, (t) => {
    const error = planError(t, () =>
      plan(classOf(1), {}, { worker1: { packages: { "docker.io": version } } }),
    );
    t.is(
      error.message,
      `worker1: Docker ${version} is installed; swarmhub needs 20.10 or later (\`cap-add\` for services, global jobs)`,
    );
    t.is(error.code, exitCode.preflight);
    t.regex(error.hint ?? "", /upgrade Docker on worker1/);
  });

for (const version of [
  "20.10.5+dfsg1-1+deb11u2",
  "26.1.5+dfsg1-9+b9",
  "5:20.10.24~3-0~ubuntu-jammy",
])
  test(`Docker ${version} is new enough`, (t) => {
    t.deepEqual(
      describeSteps(
        plan(classOf(1), {}, { worker1: { packages: { "docker.io": version } } }),
      ).slice(1),
      [],
    );
  });

const system = (id: string, like: string[], version: string, name: string) => ({
  system: { id, like, version, name },
});

test("a system other than Debian and Ubuntu is refused by its name", (t) => {
  const error = planError(t, () =>
    plan(
      classOf(1),
      {},
      { worker1: system("rocky", ["rhel", "centos", "fedora"], "9.4", "Rocky Linux 9.4") },
    ),
  );
  t.is(
    error.message,
    "worker1: the system is Rocky Linux 9.4; swarmhub supports Debian 12 or later and Ubuntu 22.04 or later",
  );
  t.is(error.code, exitCode.preflight);
});

for (const [id, like, version] of [
  ["debian", [], "12"],
  ["debian", [], ""],
  ["ubuntu", ["debian"], "22.04"],
  ["ubuntu", ["debian"], "24.10"],
  ["linuxmint", ["ubuntu", "debian"], "6"],
] as const)
  test(`${id} ${version || "testing"} is supported`, (t) => {
    t.notThrows(() => plan(classOf(0), system(id, [...like], version, "it")));
  });

for (const [id, version] of [
  ["debian", "11"],
  ["ubuntu", "20.04"],
  ["ubuntu", "21.10"],
] as const)
  test(`${id} ${version} is too old`, (t) => {
    const error = planError(t, () => plan(classOf(0), system(id, [], version, `${id} ${version}`)));
    t.regex(error.message, /^manager: the system is .*; swarmhub supports Debian 12 or later/);
  });

test("`down` removes the packages recorded on each machine, and none without a record", (t) => {
  const cluster = classOf(1);
  const files = { [paths.installedPackages]: "containerd\ndocker.io\n" };
  const steps = (some: Parameters<typeof machinesOf>[2]) =>
    describeSteps(packages.remove(machinesOf(cluster, {}, some), cluster));
  t.deepEqual(steps({}), []);
  t.deepEqual(steps({ worker1: { files } }), [
    "worker1: remove packages installed by swarmhub (containerd docker.io)",
  ]);
});

test("a changed record cannot inject a command", (t) => {
  const cluster = classOf(0);
  const files = { [paths.installedPackages]: "docker.io\n$(reboot)\n--allow\nxfsprogs; reboot\n" };
  t.deepEqual(describeSteps(packages.remove(machinesOf(cluster, { files }), cluster)), [
    "manager: remove packages installed by swarmhub (docker.io)",
  ]);
});

test("the packages' scripts pass `sh -n` and shellcheck", (t) => {
  for (const script of [
    installScript(["docker.io", "xfsprogs"]),
    installScript(["docker.io"], { builds: true }),
    purgeScript(["docker.io"]),
  ])
    t.is(shellProblems(script), "");
});

test("BuildKit comes with Docker to the machine that builds, where the distribution has it", (t) => {
  const line = /if apt-cache show docker-buildx .*; then set -- "\$@" docker-buildx; fi/;
  t.regex(installScript(["docker.io"], { builds: true }), line);
  t.notRegex(installScript(["docker.io"]), /buildx/);
});

test("an empty record purges nothing", (t) => {
  t.regex(purgeScript([]), /\n\[ \$# -eq 0 \] \|\| apt-get/);
});

test("an installation restarts no services of others, and only lists them", (t) => {
  t.regex(installScript(["docker.io"]), /NEEDRESTART_MODE=l\b/);
});
