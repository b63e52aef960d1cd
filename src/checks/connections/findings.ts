import type { Host } from "../../host/host.js";
import { ports } from "../../names.js";
import type { Finding } from "../check.js";
import type { Result, Tried } from "./exchange.js";
import { esp } from "./needed.js";
import type { Tested } from "./opened.js";

/** The tests' findings: one for each pair of machines and kind of failure. */
export const connectionFindings = (tried: readonly Tried[], context: Tested): Finding[] => {
  const { hosts } = context.cluster;
  return hosts.flatMap((from) => {
    const own = tried.filter((connection) => connection.from === from);
    const failures = hosts.flatMap((to) =>
      failedResults.flatMap((result): Finding[] => {
        const failed = own.filter((each) => each.to === to && each.result === result);
        if (failed.length === 0) return [];
        const { text, hint } = failureOf(result, failed, context);
        return [{ host: from.name, level: "error", text, hint }];
      }),
    );
    return [...failures, ...reached(from, own), ...untried(own, context)];
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

const untried = (own: readonly Tried[], { cluster }: Tested): Finding[] =>
  cluster.hosts.flatMap((to): Finding[] => {
    const connections = own.filter((each) => each.to === to && each.result === "untried");
    return connections.length === 0
      ? []
      : [{ host: to.name, level: "error", ...inUse(to, connections) }];
  });

/** What is wrong with a machine whose UDP ports another program uses. */
export const inUse = ({ name }: Host, untriedHere: readonly Tried[]) => ({
  text: `${portsOf(untriedHere)} is in use, but Docker does not run there`,
  hint: `stop the program that uses it; another overlay network (4789) cannot share a machine with Swarm's; to find it, on ${name}: \`sudo ss -lunp\``,
});

/** A kind of failure. */
export type Failed = Exclude<Result, "reached" | "untried">;

/** All kinds of failures. */
export const failedResults: readonly Failed[] = ["silent", "refused", "broken"];

/** What is wrong with connections that failed in the same way, and its cure; they may be between several machines. */
export const failureOf = (
  result: Failed,
  failed: readonly Tried[],
  { cluster, machines }: Tested,
): { text: string; hint: string } => {
  const endsOf = (hosts: readonly Host[]): End[] =>
    [...new Set(hosts)].map((host) => ({ name: host.name, address: machines(host).address }));
  const [from, to] = [
    endsOf(failed.map((each) => each.from)),
    endsOf(failed.map((each) => each.to)),
  ];
  const [failure, hint] = failureTexts[result];
  const targets = to.map(({ name, address }) => `${name} (${address})`).join(", ");
  return {
    text: `${portsOf(failed)} of ${targets} ${failure}`,
    hint: hint({ from, to, isEncrypted: cluster.config.swarm.encrypted }),
  };
};

type End = { name: string; address: string };

/** The machines that were not reached and those that tried, and whether ESP is needed. */
type Ends = { to: readonly End[]; from: readonly End[]; isEncrypted: boolean };

const namesOf = (ends: readonly End[]): string => ends.map(({ name }) => name).join(", ");
const addressesOf = (ends: readonly End[]): string => ends.map(({ address }) => address).join(", ");

const failureTexts: Record<Failed, readonly [failure: string, hint: (ends: Ends) => string]> = {
  silent: [
    "cannot be reached: no answer, so something on the path drops the packets",
    ({ to, from, isEncrypted }) => {
      const allow = from.map(({ address }) => `sudo ufw allow from ${address}`).join(" && ");
      return `open 2377/tcp, 7946/tcp+udp, 4789/udp, ${isEncrypted ? "IP protocol 50 (ESP), " : ""}2049/tcp and ${ports.monitor}/tcp from ${addressesOf(from)} to ${addressesOf(to)}, in the provider's security group and in the firewall of ${namesOf(to)}; if that is ufw, on ${namesOf(to)}: \`${allow}\``;
    },
  ],
  refused: [
    "cannot be reached: the connection was refused although a program listened",
    ({ to }) =>
      `check the firewall of ${namesOf(to)}: \`sudo iptables -S\`, \`sudo nft list ruleset\``,
  ],
  broken: [
    "passes small data, but not 1 MB or a full-size packet: the network's MTU is smaller than the interfaces'",
    ({ from, to }) =>
      `find the largest packet that passes, on ${from[0]?.name}: \`ping -M do -s 1372 ${to[0]?.address}\`; then lower the MTU on both machines, for example: \`sudo ip link set dev eth0 mtu 1400\``,
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
