import { execFileSync, spawnSync } from "node:child_process";
import test from "ava";
import { paths } from "../../src/paths.js";
import { firewall } from "../../src/pieces/firewall.js";
import {
  firewallScript,
  firewallUnit,
  loadedRules,
  loadedRules6,
  removeScript,
} from "../../src/pieces/firewall/rules.js";
import { classOf, machinesOf, said } from "../support/class-of.js";
import { complaintsAbout } from "./support/shell.js";

const two = ["10.77.0.11", "10.77.0.12"];
const asWanted = {
  files: { [paths.firewall]: firewallScript(two), [paths.firewallUnit]: firewallUnit },
  firewall: loadedRules(two),
  firewall6: [...loadedRules6],
  units: { "swarmhub-firewall.service": "active" },
};
const plan = (
  changes: Parameters<typeof machinesOf>[1],
  some: Parameters<typeof machinesOf>[2] = {},
) => {
  const cluster = classOf(1);
  return said(firewall.plan(cluster.config, machinesOf(cluster, changes, some), cluster));
};

const load =
  "load the firewall rules (Swarm and NFS ports open only between 10.77.0.11, 10.77.0.12)";
const files = [
  "write /etc/swarmhub/firewall",
  "write /etc/systemd/system/swarmhub-firewall.service",
];

test("a blank machine gets the script, the unit and the rules", (t) => {
  t.deepEqual(
    plan({}),
    ["manager", "worker1"].flatMap((host) => [...files, load].map((title) => `${host}: ${title}`)),
  );
});

test("loaded rules are left alone, in whatever order iptables lists the chains", (t) => {
  t.deepEqual(plan(asWanted), []);
  t.deepEqual(plan({ ...asWanted, firewall: loadedRules(two).toReversed() }), []);
});

const only = (change: object) => plan(asWanted, { worker1: change });

test("a rule that somebody took out is loaded again", (t) => {
  t.deepEqual(only({ firewall: loadedRules(two).slice(0, -1) }), [`worker1: ${load}`]);
  t.deepEqual(only({ firewall6: [] }), [`worker1: ${load}`]);
});

test("where the kernel speaks no IPv6 there are no rules for it", (t) => {
  t.deepEqual(only({ ipv6: false, firewall6: [] }), []);
});

test("rules that would not be there after a reboot are loaded again", (t) => {
  t.deepEqual(only({ units: { "swarmhub-firewall.service": "inactive" } }), [`worker1: ${load}`]);
});

test("a machine that joins the class changes the rules of all", (t) => {
  const three = [...two, "10.77.0.13"];
  const cluster = classOf(2);
  const steps = said(firewall.plan(cluster.config, machinesOf(cluster, asWanted), cluster));
  t.deepEqual(
    steps,
    ["manager", "worker1", "worker2"].flatMap((host) => [
      `${host}: write /etc/swarmhub/firewall`,
      `${host}: load the firewall rules (Swarm and NFS ports open only between ${three.join(", ")})`,
    ]),
  );
});

test("`down` removes whatever is left of it, and nothing where nothing is", (t) => {
  const cluster = classOf(1);
  const remove = (some: Parameters<typeof machinesOf>[2]) =>
    said(firewall.remove(machinesOf(cluster, {}, some), cluster));
  t.deepEqual(remove({}), []);
  for (const rest of [
    { firewall: ["-N SWARMHUB-INPUT"] },
    { firewall6: ["-N SWARMHUB-INPUT"] },
    { files: { [paths.firewall]: "" } },
    { files: { [paths.firewallUnit]: "" } },
  ])
    t.deepEqual(remove({ worker1: rest }), ["worker1: remove the firewall rules"]);
});

test("the script replaces our chains in one go and adds one jump to others' chains", (t) => {
  t.is(
    firewallScript(["10.77.0.11"]),
    `#!/bin/sh
# Written by swarmhub; the next \`swarmhub up\` overwrites it.
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
iptables -N DOCKER-USER 2>/dev/null || true
iptables-restore --wait --noflush <<'rules'
*filter
:SWARMHUB-INPUT - [0:0]
:SWARMHUB-CONTAINERS - [0:0]
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-INPUT -i docker_gwbridge -p tcp -m tcp --dport 2375:2376 -j DROP
-A SWARMHUB-INPUT -i lo -j RETURN
-A SWARMHUB-INPUT -s 10.77.0.11/32 -j RETURN
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-INPUT -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-INPUT -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2049 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2377 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 7946 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p udp -m udp --dport 7946 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p udp -m udp --dport 4789 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 20500 -j DROP
-A SWARMHUB-CONTAINERS -i docker_gwbridge -p tcp -m tcp --dport 2375:2376 -j DROP
-A SWARMHUB-CONTAINERS -d 169.254.169.254/32 -i docker_gwbridge -j DROP
COMMIT
rules
iptables -w -C INPUT -j SWARMHUB-INPUT 2>/dev/null || iptables -w -I INPUT -j SWARMHUB-INPUT
iptables -w -C DOCKER-USER -j SWARMHUB-CONTAINERS 2>/dev/null || iptables -w -I DOCKER-USER -j SWARMHUB-CONTAINERS
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
COMMIT
rules
ip6tables -w -C INPUT -j SWARMHUB-INPUT 2>/dev/null || ip6tables -w -I INPUT -j SWARMHUB-INPUT
fi
`,
  );
});

test("a shell can read the scripts of the firewall, and shellcheck has nothing to say", (t) => {
  t.is(complaintsAbout(firewallScript(two)), "");
  t.is(complaintsAbout(removeScript), "");
});

test("the unit loads the rules before Docker starts a container", (t) => {
  t.is(
    firewallUnit,
    `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
[Unit]
Description=Firewall of the swarmhub class
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service
Before=network-pre.target docker.service nfs-server.service
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/etc/swarmhub/firewall

[Install]
WantedBy=multi-user.target
`,
  );
});

const real =
  process.getuid?.() === 0 && spawnSync("unshare", ["-n", "iptables", "-S"]).status === 0;
(real ? test : test.skip)(
  "iptables loads the script, also twice, and lists it as we would",
  (t) => {
    const script = `${firewallScript(two)}\n${firewallScript(two)}\niptables -S`;
    const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input: script, encoding: "utf8" });
    const ours = listed.split("\n").filter((line) => line.includes("SWARMHUB"));
    t.deepEqual(ours.toSorted(), loadedRules(two).toSorted());
  },
);

(real ? test : test.skip)("after the removal only what was there before is left", (t) => {
  const before = "iptables -A INPUT -p tcp --dport 22 -j ACCEPT";
  const removal = removeScript
    .replaceAll(/^(systemctl|rm|rmdir) .*$/gm, ":")
    .replace(/exit 0\s*$/, "");
  const script = [before, firewallScript(two), removal, removal, "iptables -S"].join("\n");
  const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input: script, encoding: "utf8" });
  t.deepEqual(
    listed
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("-P")),
    ["-N DOCKER-USER", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
  );
});
