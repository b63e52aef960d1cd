import { swarmBridge as gateway, ports, units } from "../../names.js";
import { paths } from "../../paths.js";
import { closedInClear } from "./encryption.js";
import { type UsersAccess, own, ownFunction, userRules, users } from "./users.js";

const input = "SWARMHUB-INPUT";
const containers = "SWARMHUB-CONTAINERS";
const output = "SWARMHUB-OUTPUT";

type Port = readonly [protocol: "tcp" | "udp", port: string];
/** NFS, Swarm's management, gossip and overlay, the registry of images built on the manager, and the monitor. */
const betweenMachines: readonly Port[] = [
  ["tcp", "2049"],
  ["tcp", "2377"],
  ["tcp", "7946"],
  ["udp", "7946"],
  ["udp", "4789"],
  ["tcp", String(ports.registry)],
  ["tcp", String(ports.monitor)],
];
/**
 * The machines' addresses, whether the overlay network is encrypted between them, whether the machine's NFS server has clients outside
 * of the class, what users' servers reach, and the services of our own that run on the machine and reach everything.
 */
export type Wanted = {
  addresses: readonly string[];
  isEncrypted: boolean;
  isNfsShared: boolean;
  users: UsersAccess;
  services: readonly string[];
};

const closedToOthers = ({ isNfsShared }: Wanted): readonly Port[] =>
  isNfsShared ? betweenMachines.filter(([, port]) => port !== "2049") : betweenMachines;

const dockerApi: readonly Port[] = [["tcp", "2375:2376"]];

/**
 * Where providers give a machine its secrets: link-local addresses (nearly all of them; Amazon also has containers' credentials at
 * 169.254.170.2), Azure's host agent and Alibaba's. Name servers are at some of these addresses, so port 53 stays open.
 */
const metadataServices = ["169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32"];

const closedMetadata = metadataServices.flatMap((network) => {
  const to = `-A ${containers} -d ${network} -i ${gateway}`;
  const names = ["udp", "tcp"].map((each) => `${to} -p ${each} -m ${each} --dport 53 -j RETURN`);
  return [...names, `${to} -j DROP`];
});

// In the format of `iptables -S`, so that loaded and expected rules can be compared as text.
const drops = (chain: string, closed: readonly Port[], device?: string): string[] =>
  closed.map(
    ([protocol, port]) =>
      `-A ${chain} ${device === undefined ? "" : `-i ${device} `}-p ${protocol} -m ${protocol} --dport ${port} -j DROP`,
  );

// Docker's bridges have an MTU of 1500. Behind a smaller one (OpenStack 1450, Google 1460), large packets are lost where a network drops
// the ICMP that would say so; this tells both ends of each connection. Builds are on docker0, servers on docker_gwbridge.
const clampSegments = `-A ${containers} -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`;

const chainRules = (wanted: Wanted): string[] => [
  // First, because packets from a container to its own machine have the container's source address.
  ...drops(input, [...betweenMachines, ...dockerApi], gateway),
  `-A ${input} -i ${gateway} -j ${own}`,
  `-A ${input} -i lo -j RETURN`,
  ...closedInClear(wanted.isEncrypted, input, "in"),
  ...wanted.addresses.map((address) => `-A ${input} -s ${address}/32 -j RETURN`),
  ...drops(input, closedToOthers(wanted)),
  clampSegments,
  ...drops(containers, [...betweenMachines, ...dockerApi], gateway),
  // Before the metadata services, whose name servers are closed to users who reach nothing.
  `-A ${containers} -i ${gateway} -j ${own}`,
  ...closedMetadata,
  `-A ${own} -j ${users}`,
  ...userRules(wanted.users),
  ...closedInClear(wanted.isEncrypted, output, "out"),
];
const chains = [input, containers, own, users, output];
const jumps = [
  `-A INPUT -j ${input}`,
  `-A DOCKER-USER -j ${containers}`,
  // The chain is empty in a class whose overlay network is not encrypted.
  `-A OUTPUT -j ${output}`,
];
// Docker adds this one at its start only, so a reload of netfilter-persistent would let users' servers pass all our rules.
const hasNoDocker = "[ ! -e /run/docker.sock ]";
const dockerJump = "-A FORWARD -j DOCKER-USER";

// The machines use IPv4 between them, so these ports are closed over IPv6.
const chainRules6 = (wanted: Wanted): string[] => [
  `-A ${input} -i lo -j RETURN`,
  ...drops(input, closedToOthers(wanted)),
];
const jumps6 = [`-A INPUT -j ${input}`];

/** The lines of `iptables -S` that name our chains when all rules are loaded. */
export const loadedRules = (wanted: Wanted): string[] => [
  ...chains.map((chain) => `-N ${chain}`),
  ...chainRules(wanted),
  ...jumps,
];

/** The same for `ip6tables -S`. */
export const loadedRules6 = (wanted: Wanted): string[] => [
  `-N ${input}`,
  ...chainRules6(wanted),
  ...jumps6,
];

/**
 * The script that loads the rules, at boot before Docker and now. It replaces our chains atomically and adds one jump to
 * each foreign chain. DOCKER-USER is the chain that Docker reserves for such rules and keeps when it starts. With `watch` it loads
 * them again when they are lost: reloads of netfilter-persistent, nftables, firewalld and ufw flush the tables of others, too. It looks
 * with iptables-save, which takes no lock: with iptables-legacy a reload of ufw failed at the lock of `iptables -S`, and left ufw off.
 */
export const firewallScript = (wanted: Wanted): string => {
  const [forget, keepOwn] =
    wanted.services.length === 0 ? ["", ""] : ["known=\n", ownFunction(wanted.services)];
  return `#!/bin/sh
# Written by swarmhub; the next \`swarmhub up\` overwrites it.
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
${forget}load() {
${forget}iptables -w -N DOCKER-USER 2>/dev/null || true
iptables-restore --wait --noflush <<'rules'
${restoreFile(chains, chainRules(wanted))}
rules
${jumpLines("iptables", jumps)}
${hasNoDocker} || ${jumpLines("iptables", [dockerJump])}
if [ -e /proc/net/if_inet6 ]; then
ip6tables-restore --wait --noflush <<'rules'
${restoreFile([input], chainRules6(wanted))}
rules
${jumpLines("ip6tables", jumps6)}
fi
}
is_loaded() {
rules=$(iptables-save -t filter)
[ "$(echo "$rules" | grep SWARMHUB | grep -vc '^-A ${own} -s ')" = ${loadedRules(wanted).length} ] || return 1
${hasNoDocker} || echo "$rules" | grep -qx -e '${dockerJump}' || return 1
[ ! -e /proc/net/if_inet6 ] || [ "$(ip6tables-save -t filter | grep -c SWARMHUB)" = ${loadedRules6(wanted).length} ]
}
${keepOwn}if [ "$1" != watch ]; then load; ${forget && "own; "}exit; fi
while sleep 3; do
is_loaded || { echo 'rules of swarmhub were missing and are loaded again'; load || true; }
${forget && "own || true\n"}done
`;
};

/** The unit that loads the rules at boot, before Docker starts a container and after others flush the tables, and keeps them. */
export const firewallUnit = `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
[Unit]
Description=Firewall of the swarmhub class
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service netfilter-persistent.service nftables.service firewalld.service ufw.service
Before=network-pre.target docker.service nfs-server.service
Wants=network-pre.target
StartLimitIntervalSec=0

[Service]
ExecStartPre=${paths.firewall}
ExecStart=${paths.firewall} watch
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** A script that removes the rules, the script and the unit; idempotent. */
export const removeScript = `
systemctl -q disable --now ${units.firewall} 2>/dev/null
for command in iptables ip6tables; do
  command -v $command >/dev/null || continue
  while $command -w -D INPUT -j ${input} 2>/dev/null; do :; done
  while $command -w -D DOCKER-USER -j ${containers} 2>/dev/null; do :; done
  while $command -w -D OUTPUT -j ${output} 2>/dev/null; do :; done
  for chain in ${chains.join(" ")}; do $command -w -F $chain; done 2>/dev/null
  for chain in ${chains.join(" ")}; do $command -w -X $chain; done 2>/dev/null
done
rm -f ${paths.firewall} ${paths.firewallUnit}
systemctl daemon-reload
rmdir ${paths.configuration} 2>/dev/null
exit 0
`;

const restoreFile = (names: readonly string[], rules: readonly string[]): string =>
  ["*filter", ...names.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT"].join("\n");

const jumpLines = (command: string, lines: readonly string[]): string =>
  lines
    .map((line) => line.replace(/^-A /, ""))
    .map((rule) => `${command} -w -C ${rule} 2>/dev/null || ${command} -w -I ${rule}`)
    .join("\n");
