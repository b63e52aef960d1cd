import { exec } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { bootLab, packages, workshop } from "./support/lab.js";

// What a user can get wrong, on real machines: a clear sentence, an exit code, nothing touched, never a stack trace.
const lab = await bootLab("e2e-refusals", 1, 768);
// The worker has Docker already.
await lab.lab("up", "2", "--memory", "768", "--with", packages);
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

/** The lab's key and known hosts for an address that its configuration does not name. */
const loginFor = (config: string, address: string): string => {
  const lines = config.split("\n").filter((line) => /Identity|KnownHosts|Strict/.test(line));
  return `${config}\nHost ${address}\n${[...new Set(lines)].join("\n")}\n`;
};

test.after.always(() => lab.lab("down"));

type Refusal = {
  changes?: Partial<typeof good>;
  /** Makes it wrong, and right again. */
  before?: string;
  after?: string;
  command?: string[];
  ssh?: (config: string) => string;
  code: number;
  says: RegExp;
};

const refusals: Record<string, Refusal> = {
  "a host that does not answer is named, with exit code 5": {
    changes: { workers: `[debian@${lab.address(77)}]` },
    ssh: (config) => loginFor(config, lab.address(77)),
    code: 5,
    says: /\.87: .*(no route|timed out|does not answer|unreachable)/i,
  },
  "a key that the machine does not take": {
    ssh: (config) => config.replaceAll(/IdentityFile \S+/g, "IdentityFile /dev/null"),
    code: 5,
    says: /node1: .*(key|auth)/i,
  },
  "an unknown host key is shown as a fingerprint and not trusted": {
    ssh: (config) => config.replaceAll(/UserKnownHostsFile \S+/g, "UserKnownHostsFile /dev/null"),
    code: 5,
    says: /SHA256:.*--accept-new-host-keys/s,
  },
  "a login that may not become root": {
    before:
      "id plain >/dev/null 2>&1 || useradd -m -s /bin/bash plain; cp -r /home/debian/.ssh /home/plain/; chown -R plain: /home/plain",
    changes: { manager: `plain@${lab.address(1)}` },
    ssh: (config) => loginFor(config, lab.address(1)),
    code: 3,
    says: /cannot become root.*NOPASSWD/s,
  },
  "a system that is not supported": {
    before:
      "cp --remove-destination $(readlink -f /etc/os-release) /root/os-release; rm /etc/os-release; echo 'ID=plan9\nPRETTY_NAME=\"Plan 9\"' >/etc/os-release",
    after: "rm /etc/os-release; ln -s ../usr/lib/os-release /etc/os-release",
    code: 3,
    says: /Plan 9.*Debian/s,
  },
  "a disk with data on it": {
    before: "mkswap -q -L thesis /dev/ubdb; udevadm trigger --settle /dev/ubdb",
    after: "wipefs -qa /dev/ubdb; udevadm trigger --settle /dev/ubdb",
    code: 3,
    says: /not blank.*swap.*thesis/s,
  },
  "a disk that is not there": {
    changes: { storage: "{device: /dev/vdz, quota: 100M}" },
    code: 3,
    says: /no disk \/dev\/vdz/,
  },
  "a storage file larger than the root disk": {
    changes: { storage: "{file: 900G, quota: 100M}" },
    code: 3,
    says: /free on its root disk/,
  },
  "port 443 taken by somebody's web server": {
    before:
      "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 443, Listen => 1, ReuseAddr => 1) or die; if (fork) { exit } close STDOUT; close STDERR; close STDIN; sleep 60'",
    after: "pkill -f [L]ocalPort",
    code: 3,
    says: /443.*perl/s,
  },
  "no memory for one seat": {
    changes: { servers: `{image: "${lab.image}", memory: 64G, cpu: 1}` },
    code: 3,
    says: /seat/i,
  },
  "an image that does not exist, with the registry's answer": {
    changes: { servers: '{image: "swarmhub/notebook:nosuch", memory: 64M, cpu: 1}' },
    code: 3,
    says: /nosuch/,
  },
};

for (const [title, refusal] of Object.entries(refusals))
  test.serial(title, async (t) => {
    const blank = await lab.on(1, "dpkg -l | wc -l; ls /etc | wc -l");
    if (refusal.before !== undefined) await lab.on(1, refusal.before);
    try {
      const shop = await workshop(lab, yamlOf(refusal.changes ?? {}));
      const words = refusal.command ?? ["up", "--yes"];
      if (refusal.ssh !== undefined) {
        const file = join(shop.folder, "ssh_config");
        await writeFile(file, refusal.ssh(await readFile(lab.sshConfig, "utf8")));
        words.unshift("--ssh-config", file);
      }
      const { code, stdout, stderr } = await shop.swarmhub(...words);
      t.log(stderr.trim());
      t.is(code, refusal.code, stdout + stderr);
      t.regex(stderr, refusal.says);
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

test.serial("a worker that is in somebody's Swarm is refused and stays there", async (t) => {
  await lab.on(2, `docker swarm init --advertise-addr ${lab.address(2)}`);
  t.teardown(() => lab.on(2, "docker swarm leave --force"));
  const { swarmhub } = await workshop(lab, yamlOf({}));
  const { code, stderr } = await swarmhub("up", "--yes");
  t.is(code, 3, stderr);
  t.regex(stderr, /node2: is already in a Swarm/);
  t.regex(await lab.on(2, "docker node ls"), /Leader/);
  t.is(
    await lab.on(2, "ls -d /etc/swarmhub 2>/dev/null || true"),
    "",
    "nothing of ours came there",
  );
});

test.serial("a domain that points elsewhere is a warning only", async (t) => {
  const { swarmhub } = await workshop(lab, yamlOf({ domain: "class.invalid" }));
  const { code, stdout } = await swarmhub("check");
  t.is(code, 0, stdout);
  t.regex(stdout, /class\.invalid/);
});

test.serial("a changed host key stops, and what the error says to type hints it", async (t) => {
  const { swarmhub } = await workshop(lab, yamlOf({}));
  await lab.on(2, "rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh");
  const { code, stderr } = await swarmhub("up", "--yes");
  t.log(stderr.trim());
  t.is(code, 5);
  t.regex(stderr, /^error: node2: its host key is not the one in .*SHA256:/m);
  const [, hint = "false"] = /(ssh-keygen -R .*)$/m.exec(stderr) ?? [];
  await promisify(exec)(hint);
  const asked = await swarmhub("check");
  t.is(asked.code, 5, asked.stderr);
  t.regex(asked.stderr, /is not known yet/);
  const trusting = await swarmhub("--accept-new-host-keys", "check");
  t.is(trusting.code, 0, trusting.stdout + trusting.stderr);
});
