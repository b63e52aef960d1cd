import { registryPort } from "../../names.js";
import { paths } from "../../paths.js";

const input = "SWARMHUB-INPUT";
const containers = "SWARMHUB-CONTAINERS";
const gateway = "docker_gwbridge";

type Port = readonly [protocol: "tcp" | "udp", port: string];
/** Swarm's control, gossip and overlay, NFS, and the registry of images that are built here. */
const betweenMachines: readonly Port[] = [
  ["tcp", "2049"],
  ["tcp", "2377"],
  ["tcp", "7946"],
  ["udp", "7946"],
  ["udp", "4789"],
  ["tcp", String(registryPort)],
];
const dockerApi: readonly Port[] = [["tcp", "2375:2376"]];
const metadataService = "169.254.169.254/32";

// Written as `iptables -S` prints them, so that what is loaded can be compared with what should be, word for word.
const drops = (chain: string, ports: readonly Port[], device?: string): string[] =>
  ports.map(
    ([protocol, port]) =>
      `-A ${chain} ${device === undefined ? "" : `-i ${device} `}-p ${protocol} -m ${protocol} --dport ${port} -j DROP`,
  );

const chainRules = (addresses: readonly string[]): string[] => [
  // First, since a container's packets to its own machine carry the container's address, not the machine's.
  ...drops(input, [...betweenMachines, ...dockerApi], gateway),
  `-A ${input} -i lo -j RETURN`,
  ...addresses.map((address) => `-A ${input} -s ${address}/32 -j RETURN`),
  ...drops(input, betweenMachines),
  ...drops(containers, [...betweenMachines, ...dockerApi], gateway),
  `-A ${containers} -d ${metadataService} -i ${gateway} -j DROP`,
];
const jumps = [`-A INPUT -j ${input}`, `-A DOCKER-USER -j ${containers}`];

// The machines talk IPv4 to one another; over IPv6 nobody has business on these ports.
const chainRules6 = [`-A ${input} -i lo -j RETURN`, ...drops(input, betweenMachines)];
const jumps6 = [`-A INPUT -j ${input}`];

/** The lines of `iptables -S` that name us when all is loaded. */
export const loadedRules = (addresses: readonly string[]): string[] => [
  `-N ${containers}`,
  `-N ${input}`,
  ...chainRules(addresses),
  ...jumps,
];

/** The same for `ip6tables -S`. */
export const loadedRules6: readonly string[] = [`-N ${input}`, ...chainRules6, ...jumps6];

/**
 * The script that loads the rules: at boot before Docker, and now. Our chains are replaced in one go; of the others only
 * a jump is added. DOCKER-USER is Docker's own place for such rules, kept when Docker starts.
 */
export const firewallScript = (addresses: readonly string[]): string => `#!/bin/sh
# Written by swarmhub; the next \`swarmhub up\` overwrites it.
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
iptables -N DOCKER-USER 2>/dev/null || true
iptables-restore --wait --noflush <<'rules'
${restoreFile([input, containers], chainRules(addresses))}
rules
${jumpLines("iptables", jumps)}
if [ -e /proc/net/if_inet6 ]; then
ip6tables-restore --wait --noflush <<'rules'
${restoreFile([input], chainRules6)}
rules
${jumpLines("ip6tables", jumps6)}
fi
`;

/** Loads them at boot, before Docker starts a container. */
export const firewallUnit = `# Written by swarmhub; the next \`swarmhub up\` overwrites it.
[Unit]
Description=Firewall of the swarmhub class
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service
Before=network-pre.target docker.service nfs-server.service
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${paths.firewall}

[Install]
WantedBy=multi-user.target
`;

/** Takes the rules, the script and the unit away; harmless twice. */
export const removeScript = `
systemctl -q disable --now swarmhub-firewall 2>/dev/null
for command in iptables ip6tables; do
  command -v $command >/dev/null || continue
  while $command -w -D INPUT -j ${input} 2>/dev/null; do :; done
  while $command -w -D DOCKER-USER -j ${containers} 2>/dev/null; do :; done
  for chain in ${input} ${containers}; do $command -w -F $chain && $command -w -X $chain; done 2>/dev/null
done
rm -f ${paths.firewall} ${paths.firewallUnit}
systemctl daemon-reload
rmdir ${paths.configuration} 2>/dev/null
exit 0
`;

const restoreFile = (chains: readonly string[], rules: readonly string[]): string =>
  ["*filter", ...chains.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT"].join("\n");

const jumpLines = (command: string, lines: readonly string[]): string =>
  lines
    .map((line) => line.replace(/^-A /, ""))
    .map((rule) => `${command} -w -C ${rule} 2>/dev/null || ${command} -w -I ${rule}`)
    .join("\n");
