import type { Host } from "../../host/host.js";
import { ports } from "../../names.js";
import type { CheckContext, Finding } from "../check.js";
import type { Result, Tried } from "./exchange.js";
import { esp } from "./needed.js";

/** The tests' findings: one for each pair of machines and kind of failure. */
export const connectionFindings = (tried: readonly Tried[], context: CheckContext): Finding[] => {
  const { cluster, machines } = context;
  const addressOf = (host: Host): string => machines(host).address;
  const isEncrypted = cluster.config.swarm.encrypted;
  return cluster.hosts.flatMap((from) => {
    const own = tried.filter((connection) => connection.from === from);
    const failures = cluster.hosts.flatMap((to) =>
      (["silent", "refused", "broken"] as const).flatMap((result): Finding[] => {
        const connections = own.filter((each) => each.to === to && each.result === result);
        if (connections.length === 0) return [];
        const [failure, hint] = failureTexts[result];
        const text = `${portsOf(connections)} of ${to.name} (${addressOf(to)}) ${failure}`;
        return [
          {
            host: from.name,
            level: "error",
            text,
            hint: hint({ to: to.name, address: addressOf(to), from: addressOf(from), isEncrypted }),
          },
        ];
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
    const connections = own.filter((each) => each.to === to && each.result === "untried");
    if (connections.length === 0) return [];
    const list = portsOf(connections);
    return machines(to).facts.units["docker.service"] === "active"
      ? [
          {
            host: from.name,
            level: "note",
            text: `${list} of ${to.name} not tested: Docker already uses it`,
          },
        ]
      : [
          {
            host: to.name,
            level: "error",
            text: `${list} is in use, but Docker does not run there`,
            hint: `stop the program that uses it; another overlay network (4789) cannot share a machine with Swarm's; to find it, on ${to.name}: \`sudo ss -lunp\``,
          },
        ];
  });

/** The machine that was not reached, with its address, the address from which it was tried, and whether ESP is needed. */
type Ends = { to: string; address: string; from: string; isEncrypted: boolean };

const failureTexts: Record<
  Exclude<Result, "reached" | "untried">,
  readonly [failure: string, hint: (ends: Ends) => string]
> = {
  silent: [
    "cannot be reached: no answer, so something on the path drops the packets",
    ({ to, address, from, isEncrypted }) =>
      `open 2377/tcp, 7946/tcp+udp, 4789/udp, ${isEncrypted ? "IP protocol 50 (ESP), " : ""}2049/tcp and ${ports.monitor}/tcp from ${from} to ${address}, in the provider's security group and in the firewall of ${to}; if that is ufw, on ${to}: \`sudo ufw allow from ${from}\``,
  ],
  refused: [
    "cannot be reached: the connection was refused although a program listened",
    ({ to }) => `check the firewall of ${to}: \`sudo iptables -S\`, \`sudo nft list ruleset\``,
  ],
  broken: [
    "passes small data, but not 1 MB or a full-size packet: the network's MTU is smaller than the interfaces'",
    ({ address }) =>
      `find the largest packet that passes: \`ping -M do -s 1372 ${address}\`; then lower the MTU on both machines, for example: \`sudo ip link set dev eth0 mtu 1400\``,
  ],
};

/** "2377/tcp, 7946/tcp+udp, IP protocol 50 (ESP)" */
const portsOf = (connections: readonly Tried[]): string =>
  [...new Set(connections.map(({ port }) => port))]
    .map((port) => {
      if (port === esp) return "IP protocol 50 (ESP)";
      const protocols = connections
        .filter((connection) => connection.port === port)
        .map(({ protocol }) => protocol);
      return `${port}/${[...new Set(protocols)].toSorted().join("+")}`;
    })
    .join(", ");
