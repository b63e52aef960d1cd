import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { buildsForWorkers } from "../images/built.js";
import { registryPort } from "../names.js";
import { paths } from "../paths.js";
import type { Check, CheckContext, Finding } from "./check.js";

type Need = { port: number; what: string; ours: RegExp };

/** Nobody else listens where Swarm, NFS and the edge will. */
export const occupiedPorts: Check = {
  name: "taken",
  run: async (context) => {
    const { cluster } = context;
    const findings = cluster.hosts.flatMap((host) => findingsOn(host, context));
    if (findings.some(({ host }) => host === cluster.manager.name)) return findings;
    const doors = doorsOf(cluster)
      .map(({ port }) => port)
      .join(" and ");
    const text = `${doors} ${isServed(context) ? "served by this class" : "free"}`;
    return [...findings, { host: cluster.manager.name, level: "ok", text }];
  },
};

const findingsOn = (host: Host, context: CheckContext): Finding[] => {
  const listening = context.listening(host);
  return needsOf(host, context).flatMap(({ port, what, ours }) => {
    const other = listening.find((each) => each.port === port && !ours.test(each.program));
    if (other === undefined) return [];
    return [
      {
        host: host.name,
        level: "error",
        text: `port ${port} is taken by ${other.program}; ${what}`,
        hint: `find it with \`sudo ss -ltnp 'sport = :${port}'\` on ${host.name}, and stop it`,
      },
    ];
  });
};

const needsOf = (host: Host, context: CheckContext): Need[] => {
  const { manager, nodes, storage } = context.cluster;
  // A container's published port is held by Docker's own proxy, whoever's container it is.
  const edge = isServed(context) ? /^(docker-proxy|dockerd)$/ : /^$/;
  return [
    ...(host === manager ? doorsOf(context.cluster).map((door) => ({ ...door, ours: edge })) : []),
    ...(host === manager ? [{ port: 2377, what: "the Swarm is managed there", ours: docker }] : []),
    ...(nodes.includes(host) && buildsForWorkers(context.cluster)
      ? [{ port: registryPort, what: "images that are built here come from there", ours: registry }]
      : []),
    ...(nodes.includes(host)
      ? [{ port: 7946, what: "the Swarm's nodes talk there", ours: docker }]
      : []),
    ...(host === storage
      ? [{ port: 2049, what: "the homes are exported there", ours: kernel }]
      : []),
  ];
};

const docker = /^dockerd$/;
// The registry itself, and on a worker systemd, which starts the relay to it.
const registry = /^(docker-registry|systemd|systemd-socket-)/;
// The kernel listens for nfsd itself, and `ss` names no program then.
const kernel = /^a program$/;

const doorsOf = ({ config }: Cluster): { port: number; what: string }[] => {
  const what = "the class is served there";
  return (config.tls.kind === "off" ? [80] : [80, 443]).map((port) => ({ port, what }));
};

const isServed = ({ cluster, machines }: CheckContext): boolean =>
  machines(cluster.manager).facts.files[paths.edgeConfiguration] !== undefined;
