import { exec } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { bootLab, packages, workshop } from "./support/lab.js";

// Mistakes of an operator on real machines: each has a clear message and an exit code, changes nothing, and shows no stack trace.
const lab = await bootLab("e2e-refusals", 1, 768);
// The worker has Docker already.
await lab.lab("up", "2", "--memory", "768", "--packages", packages);
const good = {
  manager: "node1",
  workers: "[node2]",
  storage: "{device: /dev/ubdb, quota: 100M}",
  servers: `{image: "${lab.image}", memory: 64M, cpu: 1}`,
  domain: undefined as string | undefined,
};
const yamlOf = (changes: Partial<typeof good>): string =>
  [
    "name: wrong",
    ...Object.entries({ ...good, ...changes }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}: ${value}`],
    ),
    "login: {shared-password: from-env ROOM_PASSWORD}",
    `engine: {registry-mirrors: ["http://${lab.registry}"]}`,
    "",
  ].join("\n");

/** Adds the lab's key and known hosts for an address that its SSH configuration does not have. */
const loginFor = (config: string, address: string): string => {
  const lines = config.split("\n").filter((line) => /Identity|KnownHosts|Strict/.test(line));
  return `${config}\nHost ${address}\n${[...new Set(lines)].join("\n")}\n`;
};

test.after.always(() => lab.lab("down"));

type Refusal = {
  changes?: Partial<typeof good>;
  /** Scripts that cause and remove the problem on node1. */
  before?: string;
  after?: string;
  command?: string[];
  ssh?: (config: string) => string;
  code: number;
  message: RegExp;
};

const refusals: Record<string, Refusal> = {
  "a machine that does not answer is named, with exit code 5": {
    changes: { workers: `[debian@${lab.address(77)}]` },
    ssh: (config) => loginFor(config, lab.address(77)),
    code: 5,
    message: /\.87: .*(no route|timed out|does not answer|unreachable)/i,
  },
  "a key that the machine rejects": {
    ssh: (config) => config.replaceAll(/IdentityFile \S+/g, "IdentityFile /dev/null"),
    code: 5,
    message: /node1: .*(key|auth)/i,
  },
  "an unknown host key is shown as a fingerprint and not trusted": {
    ssh: (config) => config.replaceAll(/UserKnownHostsFile \S+/g, "UserKnownHostsFile /dev/null"),
    code: 5,
    message: /SHA256:.*--accept-new-host-keys/s,
  },
  "a login that may not become root": {
    before:
      "id plain >/dev/null 2>&1 || useradd -m -s /bin/bash plain; cp -r /home/debian/.ssh /home/plain/; chown -R plain: /home/plain",
    changes: { manager: `plain@${lab.address(1)}` },
    ssh: (config) => loginFor(config, lab.address(1)),
    code: 3,
    message: /cannot become root.*NOPASSWD/s,
  },
  "a system that is not supported": {
    before:
      "cp --remove-destination $(readlink -f /etc/os-release) /root/os-release; rm /etc/os-release; echo 'ID=plan9\nPRETTY_NAME=\"Plan 9\"' >/etc/os-release",
    after: "rm /etc/os-release; ln -s ../usr/lib/os-release /etc/os-release",
    code: 3,
    message: /Plan 9.*Debian/s,
  },
  "a disk with data on it": {
    before: "mkswap -q -L thesis /dev/ubdb; udevadm trigger --settle /dev/ubdb",
    after: "wipefs -qa /dev/ubdb; udevadm trigger --settle /dev/ubdb",
    code: 3,
    message: /not blank.*swap.*thesis/s,
  },
  "a missing disk": {
    changes: { storage: "{device: /dev/vdz, quota: 100M}" },
    code: 3,
    message: /no disk \/dev\/vdz/,
  },
  "a storage file larger than the root disk": {
    changes: { storage: "{file: 900G, quota: 100M}" },
    code: 3,
    message: /the disk of .* has .* free/,
  },
  "port 443 in use by another web server": {
    before:
      "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 443, Listen => 1, ReuseAddr => 1) or die; if (fork) { exit } close STDOUT; close STDERR; close STDIN; sleep 60'",
    after: "pkill -f [L]ocalPort",
    code: 3,
    message: /443.*perl/s,
  },
  "no memory for one seat": {
    changes: { servers: `{image: "${lab.image}", memory: 64G, cpu: 1}` },
    code: 3,
    message: /seat/i,
  },
  "an image that does not exist, with the answer of the registry": {
    changes: { servers: '{image: "swarmhub/notebook:nosuch", memory: 64M, cpu: 1}' },
    code: 3,
    message: /nosuch/,
  },
};

for (const [title, refusal] of Object.entries(refusals))
  test.serial(title, async (t) => {
    const blank = await lab.on(1, "dpkg -l | wc -l; ls /etc | wc -l");
    if (refusal.before !== undefined) await lab.on(1, refusal.before);
    try {
      const { folder, swarmhub } = await workshop(lab, yamlOf(refusal.changes ?? {}));
      const command = refusal.command ?? ["up", "--yes"];
      if (refusal.ssh !== undefined) {
        const file = join(folder, "ssh_config");
        await writeFile(file, refusal.ssh(await readFile(lab.sshConfig, "utf8")));
        command.unshift("--ssh-config", file);
      }
      const { code, stdout, stderr } = await swarmhub(...command);
      t.log(stderr.trim());
      t.is(code, refusal.code, stdout + stderr);
      t.regex(stderr, refusal.message);
      t.notRegex(stderr, /^\s+at .*:\d+:\d+\)?$/m, "no stack trace");
    } finally {
      if (refusal.after !== undefined) await lab.on(1, refusal.after);
    }
    t.is(
      (await lab.on(1, "dpkg -l | wc -l; ls /etc | wc -l")).split("\n")[0],
      blank.split("\n")[0],
      "nothing was installed",
    );
  });

test.serial("a worker that is in another Swarm is refused and stays in it", async (t) => {
  await lab.on(2, `docker swarm init --advertise-addr ${lab.address(2)}`);
  t.teardown(() => lab.on(2, "docker swarm leave --force"));
  const { swarmhub } = await workshop(lab, yamlOf({}));
  const { code, stderr } = await swarmhub("up", "--yes");
  t.is(code, 3, stderr);
  t.regex(stderr, /node2: the machine is already in another Swarm/);
  t.regex(await lab.on(2, "docker node ls"), /Leader/);
  t.is(await lab.on(2, "ls -d /etc/swarmhub 2>/dev/null || true"), "", "nothing was installed");
});

test.serial("a worker whose Docker has --iptables=false is refused with the cure", async (t) => {
  const dropIn = "/etc/systemd/system/docker.service.d/owner.conf";
  const cure = `rm -f ${dropIn}; systemctl daemon-reload; systemctl restart docker`;
  t.teardown(() => lab.on(2, cure));
  await lab.on(
    2,
    `set -e
mkdir -p $(dirname ${dropIn})
cat >${dropIn} <<'unit'
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --iptables=false
unit
systemctl daemon-reload
systemctl restart docker`,
  );
  const { swarmhub } = await workshop(lab, yamlOf({}));
  for (const command of [["check"], ["up", "--yes"]]) {
    const { code, stdout, stderr } = await swarmhub(...command);
    t.is(code, 3, stdout + stderr);
    const text = (stdout + stderr).replace(/\s+/g, " ");
    t.regex(text, /node2.* Docker runs with --iptables=false, so users' servers would have no/);
    t.regex(text, /`systemctl cat docker` shows there; .* sudo systemctl restart docker/);
  }
  t.is(await lab.on(2, "ls -d /etc/swarmhub 2>/dev/null || true"), "", "nothing was installed");
  await lab.on(2, cure);
  const cured = await swarmhub("check");
  t.is(cured.code, 0, cured.stdout + cured.stderr);
});

test.serial("a domain that does not resolve is only a warning", async (t) => {
  const { swarmhub } = await workshop(lab, yamlOf({ domain: "class.invalid" }));
  const { code, stdout } = await swarmhub("check");
  t.is(code, 0, stdout);
  t.regex(stdout, /class\.invalid/);
});

test.serial("a changed host key stops the run, and the hint of the error works", async (t) => {
  const { swarmhub } = await workshop(lab, yamlOf({}));
  await lab.on(2, "rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh");
  const { code, stderr } = await swarmhub("up", "--yes");
  t.log(stderr.trim());
  t.is(code, 5);
  t.regex(stderr, /^error: node2: its host key \S+ SHA256:\S+ is not the one in /m);
  const [, hint = "false"] = /(ssh-keygen -R .*)$/m.exec(stderr) ?? [];
  await promisify(exec)(hint);
  // Reading commands go on with the machines that can be reached.
  const untrusted = await swarmhub("check");
  t.is(untrusted.code, 3, untrusted.stderr);
  t.regex(untrusted.stdout, /machine +cannot be reached: unknown host key /);
  const trusting = await swarmhub("--accept-new-host-keys", "check");
  t.is(trusting.code, 0, trusting.stdout + trusting.stderr);
});
