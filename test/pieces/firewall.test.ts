import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { paths } from "../../src/paths.js";
import { firewall } from "../../src/pieces/firewall.js";
import {
  firewallScript,
  firewallUnit,
  loadedRules,
  loadedRules6,
  type Wanted,
  removeScript,
} from "../../src/pieces/firewall/rules.js";
import { classOf, machinesOf, describeSteps } from "../support/class-of.js";
import { persistentStorage } from "../support/fakes.js";
import { firewallWanted } from "../support/firewall-wanted.js";
import { shellProblems } from "./support/shell.js";

const addresses = ["10.77.0.11", "10.77.0.12"];
const two = firewallWanted(addresses);
const onManager = { ...two, services: ["geo-101-hub", "geo-101-edge"] };
const filesOf = (wanted: Wanted) => ({
  [paths.firewall]: firewallScript(wanted),
  [paths.firewallUnit]: firewallUnit,
});
const asWanted = {
  files: filesOf(two),
  firewall: loadedRules(two),
  firewall6: loadedRules6(two),
  units: { "swarmhub-firewall.service": "active" },
};
const plan = (
  changes: Parameters<typeof machinesOf>[1],
  some: Parameters<typeof machinesOf>[2] = {},
) => {
  const cluster = classOf(1);
  const own = changes?.files !== undefined ? { manager: { files: filesOf(onManager) } } : {};
  const machines = machinesOf(cluster, changes, { ...own, ...some });
  return describeSteps(firewall.plan(cluster.config, machines, cluster));
};

const load =
  "load the firewall rules (Swarm and NFS ports open only between 10.77.0.11, 10.77.0.12; users' servers reach every network)";

test("a blank machine gets the script, the unit and the rules", (t) => {
  t.deepEqual(
    plan({}),
    ["manager", "worker1"].map((host) => `${host}: ${load}`),
  );
});

test("loaded rules need no step, in whatever order iptables lists the chains", (t) => {
  t.deepEqual(plan(asWanted), []);
  t.deepEqual(plan({ ...asWanted, firewall: loadedRules(two).toReversed() }), []);
});

const only = (change: object) => plan(asWanted, { worker1: change });

test("a deleted rule is loaded again", (t) => {
  t.deepEqual(only({ firewall: loadedRules(two).slice(0, -1) }), [`worker1: ${load}`]);
  t.deepEqual(only({ firewall6: [] }), [`worker1: ${load}`]);
});

test("without IPv6 in the kernel there are no IPv6 rules", (t) => {
  t.deepEqual(only({ ipv6: false, firewall6: [] }), []);
});

test("rules whose unit is inactive are loaded again", (t) => {
  t.deepEqual(only({ units: { "swarmhub-firewall.service": "inactive" } }), [`worker1: ${load}`]);
});

test("a machine that joins the class changes the rules of all machines", (t) => {
  const three = [...addresses, "10.77.0.13"];
  const cluster = classOf(2);
  const steps = describeSteps(
    firewall.plan(cluster.config, machinesOf(cluster, asWanted), cluster),
  );
  t.deepEqual(
    steps,
    ["manager", "worker1", "worker2"].flatMap((host) => [
      `${host}: load the firewall rules (Swarm and NFS ports open only between ${three.join(", ")}; users' servers reach every network)`,
    ]),
  );
});

test("`down` removes any remains of the firewall, and does nothing if there are none", (t) => {
  const cluster = classOf(1);
  const remove = (some: Parameters<typeof machinesOf>[2]) =>
    describeSteps(firewall.remove(machinesOf(cluster, {}, some), cluster));
  t.deepEqual(remove({}), []);
  for (const rest of [
    { firewall: ["-N SWARMHUB-INPUT"] },
    { firewall6: ["-N SWARMHUB-INPUT"] },
    { files: { [paths.firewall]: "" } },
    { files: { [paths.firewallUnit]: "" } },
  ])
    t.deepEqual(remove({ worker1: rest }), ["worker1: remove the firewall rules"]);
});

test("the script replaces our chains atomically and adds one jump to each foreign chain", (t) => {
  t.is(
    firewallScript(firewallWanted(["10.77.0.11"])),
    `#!/bin/sh
# Written by swarmhub; the next \`swarmhub up\` overwrites it.
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
load() {
iptables -w -N DOCKER-USER 2>/dev/null || true
iptables-restore --wait --noflush <<'rules'
*filter
:SWARMHUB-INPUT - [0:0]
:SWARMHUB-CONTAINERS - [0:0]
:SWARMHUB-OWN - [0:0]
:SWARMHUB-USERS - [0:0]
:SWARMHUB-OUTPUT - [0:0]
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 20501 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2375:2376 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -j SWARMHUB-OWN
-A SWARMHUB-INPUT -i lo -j RETURN
-A SWARMHUB-INPUT -s 10.77.0.11/32 -j RETURN
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 20501 -j DROP
-A SWARMHUB-CONTAINERS -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 20501 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2375:2376 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -j SWARMHUB-OWN
-A SWARMHUB-CONTAINERS -d 169.254.0.0/16 -i docker_gwbridge -p udp -m udp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 169.254.0.0/16 -i docker_gwbridge -p tcp -m tcp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 169.254.0.0/16 -i docker_gwbridge -j DROP
-A SWARMHUB-CONTAINERS -d 168.63.129.16/32 -i docker_gwbridge -p udp -m udp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 168.63.129.16/32 -i docker_gwbridge -p tcp -m tcp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 168.63.129.16/32 -i docker_gwbridge -j DROP
-A SWARMHUB-CONTAINERS -d 100.100.100.200/32 -i docker_gwbridge -p udp -m udp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 100.100.100.200/32 -i docker_gwbridge -p tcp -m tcp --dport 53 -j RETURN
-A SWARMHUB-CONTAINERS -d 100.100.100.200/32 -i docker_gwbridge -j DROP
-A SWARMHUB-OWN -j SWARMHUB-USERS
COMMIT
rules
iptables -w -C INPUT -j SWARMHUB-INPUT 2>/dev/null || iptables -w -I INPUT -j SWARMHUB-INPUT
iptables -w -C DOCKER-USER -j SWARMHUB-CONTAINERS 2>/dev/null || iptables -w -I DOCKER-USER -j SWARMHUB-CONTAINERS
iptables -w -C OUTPUT -j SWARMHUB-OUTPUT 2>/dev/null || iptables -w -I OUTPUT -j SWARMHUB-OUTPUT
[ ! -e /run/docker.sock ] || iptables -w -C FORWARD -j DOCKER-USER 2>/dev/null || iptables -w -I FORWARD -j DOCKER-USER
if [ -e /proc/net/if_inet6 ]; then
ip6tables-restore --wait --noflush <<'rules'
*filter
:SWARMHUB-INPUT - [0:0]
-A SWARMHUB-INPUT -i lo -j RETURN
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 20501 -j DROP
COMMIT
rules
ip6tables -w -C INPUT -j SWARMHUB-INPUT 2>/dev/null || ip6tables -w -I INPUT -j SWARMHUB-INPUT
fi
}
is_loaded() {
rules=$(iptables-save -t filter)
[ "$(echo "$rules" | grep SWARMHUB | grep -vc '^-A SWARMHUB-OWN -s ')" = 46 ] || return 1
[ ! -e /run/docker.sock ] || echo "$rules" | grep -qx -e '-A FORWARD -j DOCKER-USER' || return 1
[ ! -e /proc/net/if_inet6 ] || [ "$(ip6tables-save -t filter | grep -c SWARMHUB)" = 10 ]
}
if [ "$1" != watch ]; then load; exit; fi
while sleep 3; do
is_loaded || { echo 'rules of swarmhub were missing and are loaded again'; load || true; }
done
`,
  );
});

test("with `storage: {share: true}`, port 2049 of the machine with the homes stays open, except to containers", (t) => {
  const shared = { ...two, isNfsShared: true };
  const nfs = (rules: readonly string[]) => rules.filter((rule) => rule.includes("2049"));
  t.deepEqual(nfs(loadedRules(shared)), [
    "-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP",
    "-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP",
  ]);
  t.deepEqual(nfs(loadedRules6(shared)), []);
  const cluster = classOf(1, { config: { storage: persistentStorage({ share: true }) } });
  const machines = machinesOf(cluster, asWanted);
  t.deepEqual(
    firewall
      .plan(cluster.config, machines, cluster)
      .map(({ host, title }) => `${host.name}: ${title}`),
    ["manager: load the firewall rules"],
  );
});

const encrypted = { ...two, isEncrypted: true };

test("an encrypted overlay network sends and takes nothing in clear text, and its packets in ESP pass", (t) => {
  const added = loadedRules(encrypted).filter((rule) => !loadedRules(two).includes(rule));
  const closed = "-p udp -m udp --dport 4789 -m policy --dir";
  t.deepEqual(added, [
    `-A SWARMHUB-INPUT ${closed} in --pol none -j DROP`,
    `-A SWARMHUB-OUTPUT ${closed} out --pol none -j DROP`,
  ]);
  const rules = loadedRules(encrypted);
  t.true(rules.indexOf(added[0]!) < rules.indexOf("-A SWARMHUB-INPUT -s 10.77.0.11/32 -j RETURN"));
  const cluster = classOf(0, { config: { swarm: { encrypted: true } } });
  const [step] = firewall.plan(cluster.config, machinesOf(cluster), cluster);
  t.regex(step?.detail ?? "", /only between 10\.77\.0\.11, the overlay network only encrypted;/);
});

test("the firewall's scripts pass `sh -n` and shellcheck", (t) => {
  t.is(shellProblems(firewallScript(two)), "");
  t.is(shellProblems(removeScript), "");
});

test("the unit loads the rules before Docker starts a container", (t) => {
  t.is(
    firewallUnit,
    `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
[Unit]
Description=Firewall of the swarmhub class
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service netfilter-persistent.service nftables.service firewalld.service ufw.service
Before=network-pre.target docker.service nfs-server.service
Wants=network-pre.target
StartLimitIntervalSec=0

[Service]
ExecStartPre=/etc/swarmhub/firewall
ExecStart=/etc/swarmhub/firewall watch
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`,
  );
});

/** Two runs of a script that exits. */
const twice = (script: string): string => `(\n${script})\n(\n${script})`;

const real =
  process.getuid?.() === 0 && spawnSync("unshare", ["-n", "iptables", "-S"]).status === 0;
(real ? test : test.skip)(
  "iptables loads the script, also twice, and lists its rules in our format",
  (t) => {
    // The second load is that of a class which is encrypted no longer.
    for (const last of [two, encrypted]) {
      const input = `(\n${firewallScript(encrypted)})\n${twice(firewallScript(last))}\niptables -S`;
      const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input, encoding: "utf8" });
      const ours = listed.split("\n").filter((line) => line.includes("SWARMHUB"));
      t.deepEqual(ours.toSorted(), loadedRules(last).toSorted());
    }
  },
);

(real ? test : test.skip)(
  "after somebody has flushed all tables, containers' packets pass our rules again",
  (t) => {
    const program = firewallScript(two).replaceAll("/run/docker.sock", "/dev/null");
    const docker = "iptables -N DOCKER-USER\niptables -A FORWARD -j DOCKER-USER";
    const script = [
      docker,
      `(\n${program})`,
      "iptables -F\niptables -X",
      `(\n${program})`,
      "iptables -S",
    ];
    const input = script.join("\n");
    const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input, encoding: "utf8" });
    t.true(listed.includes("-A FORWARD -j DOCKER-USER"), listed);
  },
);

(real ? test : test.skip)(
  "the watch takes no lock that commands of others need, such as those of ufw",
  (t) => {
    const script = firewallScript(two).replaceAll(/\b(ip6?tables)\b/g, "$1-legacy");
    const [checks = ""] = /^is_loaded\(\) \{$[^]*?^\}$/m.exec(script) ?? [];
    // The lock of iptables-legacy, which a listing by `iptables -S` takes, in a /run of its own.
    const input = `mount -t tmpfs run /run; exec 9>/run/xtables.lock; flock 9\n${checks}\nis_loaded 9>&-; echo "ended with $?"`;
    const isolated = ["-n", "-m", "--pid", "--fork", "--kill-child", "sh", "-c", input];
    const ended = spawnSync("unshare", isolated, {
      encoding: "utf8",
      timeout: 10_000,
      killSignal: "SIGKILL",
    });
    t.is(ended.stdout, "ended with 1\n", ended.stderr);
  },
);

(real ? test : test.skip)("after the removal only what was there before is left", (t) => {
  const before = "iptables -A INPUT -p tcp --dport 22 -j ACCEPT";
  const removal = removeScript
    .replaceAll(/^(systemctl|rm|rmdir) .*$/gm, ":")
    .replace(/exit 0\s*$/, "");
  const script = [before, twice(firewallScript(two)), removal, removal, "iptables -S"].join("\n");
  const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input: script, encoding: "utf8" });
  t.deepEqual(
    listed
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("-P")),
    ["-N DOCKER-USER", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
  );
});

(real ? test : test.skip)(
  "containers reach no provider's metadata service, but its name server",
  (t) => {
    // A container behind a bridge of Docker's name, and the machine's neighbour with the services' addresses.
    const input = `set -e
ip link add docker_gwbridge type veth peer name inside; ip link add outer type veth peer name services
unshare -n sleep 60 & container=$!; unshare -n sleep 60 & cloud=$!; sleep 0.2
ip link set inside netns $container; ip link set services netns $cloud
ip addr add 172.18.0.1/16 dev docker_gwbridge; ip link set docker_gwbridge up
ip addr add 10.9.0.1/24 dev outer; ip link set outer up; echo 1 >/proc/sys/net/ipv4/ip_forward
for address in 169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200; do ip route add $address via 10.9.0.2; done
nsenter -t $container -n sh -c 'ip addr add 172.18.0.2/16 dev inside; ip link set inside up; ip route add default via 172.18.0.1'
nsenter -t $cloud -n sh -c 'ip link set lo up; ip addr add 10.9.0.2/24 dev services; ip link set services up; ip route add default via 10.9.0.1
for address in 169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200; do ip addr add $address/32 dev lo; done'
cat >"$0" <<'end'
${firewallScript(two)}
end
sh "$0"; iptables -A FORWARD -j DOCKER-USER
nsenter -t $cloud -n perl -MIO::Socket::INET -e 'for my $port (53, 80) { next if fork; my $l = IO::Socket::INET->new(Listen => 9, LocalPort => $port, ReuseAddr => 1) or die; alarm 20; while ($l->accept) {} } wait' &
sleep 0.3
nsenter -t $container -n perl -MIO::Socket::INET -e 'for my $to (qw(169.254.169.254:80 169.254.170.2:80 168.63.129.16:80 100.100.100.200:80 169.254.169.254:53 168.63.129.16:53 10.9.0.2:80)) { print "$to ", IO::Socket::INET->new(PeerAddr => $to, Timeout => 0.5) ? "open" : "closed", "\\n" }'
kill $container $cloud`;
    const file = join(mkdtempSync(join(tmpdir(), "swarmhub-firewall-")), "firewall");
    t.teardown(() => rmSync(dirname(file), { recursive: true }));
    const { stdout, stderr } = spawnSync(
      "unshare",
      ["-n", "--kill-child", "--fork", "--pid", "--mount-proc", "sh", "-c", input, file],
      {
        encoding: "utf8",
      },
    );
    t.is(
      stdout,
      `169.254.169.254:80 closed
169.254.170.2:80 closed
168.63.129.16:80 closed
100.100.100.200:80 closed
169.254.169.254:53 open
168.63.129.16:53 open
10.9.0.2:80 open
`,
      stderr,
    );
  },
);
