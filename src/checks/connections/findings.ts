import type { Host } from "../../host/host.js";
import type { CheckContext, Finding } from "../check.js";
import type { Result, Tried } from "./exchange.js";

/** What was tried, in a sentence for each two machines and each way in which it failed. */
export const connectionFindings = (tried: readonly Tried[], context: CheckContext): Finding[] => {
  const { cluster, machines } = context;
  const all = cluster.hosts.map((host) => machines(host).address).join(", ");
  return cluster.hosts.flatMap((from) => {
    const own = tried.filter((way) => way.from === from);
    const failures = cluster.hosts.flatMap((to) =>
      (["silent", "refused", "broken"] as const).flatMap((result): Finding[] => {
        const connections = own.filter((way) => way.to === to && way.result === result);
        if (connections.length === 0) return [];
        const [what, hint] = words[result];
        const text = `${portsOf(connections)} of ${to.name} (${machines(to).address}) ${what}`;
        return [{ host: from.name, level: "error", text, hint: hint(all, to) }];
      }),
    );
    return [...failures, ...reached(from, own), ...untried(from, own, context)];
  });
};

const reached = (from: Host, own: readonly Tried[]): Finding[] => {
  const connections = own.filter(({ result }) => result === "reached");
  if (connections.length === 0) return [];
  const names = [...new Set(connections.map(({ to }) => to.name))].join(", ");
  const packet = connections.find(({ port }) => port === 4789);
  const sizes = packet === undefined ? "" : `, with packets of ${packet.size + 28} bytes`;
  return [
    { host: from.name, level: "ok", text: `reaches ${portsOf(connections)} of ${names}${sizes}` },
  ];
};

const untried = (
  from: Host,
  own: readonly Tried[],
  { cluster, machines }: CheckContext,
): Finding[] =>
  cluster.hosts.flatMap((to): Finding[] => {
    const connections = own.filter((way) => way.to === to && way.result === "untried");
    if (connections.length === 0) return [];
    const what = `${portsOf(connections)} of ${to.name}`;
    return machines(to).facts.units["docker.service"] === "active"
      ? [{ host: from.name, level: "note", text: `${what} not tried: Docker uses it already` }]
      : [
          {
            host: to.name,
            level: "error",
            text: `${portsOf(connections)} is taken, and Docker does not run there`,
            hint: `\`sudo ss -lunp\` on ${to.name} shows by what; another overlay network (4789) cannot share a machine with Swarm's`,
          },
        ];
  });

const words: Record<
  Exclude<Result, "reached" | "untried">,
  readonly [what: string, hint: (addresses: string, to: Host) => string]
> = {
  silent: [
    "cannot be reached: no answer, so that something on the way drops it",
    (addresses) =>
      `open 2377/tcp, 7946/tcp+udp, 4789/udp and 2049/tcp between ${addresses}: in the provider's security group, and in a firewall of the machine's own (ufw, nftables)`,
  ],
  refused: [
    "cannot be reached: it was refused although something listened there",
    (_, to) =>
      `look at the firewall of ${to.name}: \`sudo iptables -S\`, \`sudo nft list ruleset\``,
  ],
  broken: [
    "passes little, but 1 MB or a whole packet does not arrive: the network carries smaller packets than the cards believe",
    (_, to) =>
      `lower the MTU of the cards on both machines, for example \`sudo ip link set dev eth0 mtu 1400\`; \`ping -M do -s 1372 ${to.name}\` finds the largest that passes`,
  ],
};

/** "2377/tcp, 7946/tcp+udp" */
const portsOf = (connections: readonly Tried[]): string =>
  [...new Set(connections.map(({ port }) => port))]
    .map((port) => {
      const protocols = connections
        .filter((way) => way.port === port)
        .map(({ protocol }) => protocol);
      return `${port}/${[...new Set(protocols)].toSorted().join("+")}`;
    })
    .join(", ");
