import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { buildsForWorkers } from "../images/built.js";
import { ports } from "../names.js";
import { paths } from "../paths.js";
import type { Check, CheckContext, Finding } from "./check.js";

type Need = { port: number; neededBy: string; ours: RegExp };

/** The ports of Swarm, NFS and the edge are free or used by this class. */
export const occupiedPorts: Check = {
  name: "ports",
  run: async (context) => {
    const { cluster } = context;
    const findings = cluster.hosts.flatMap((host) => findingsOn(host, context));
    if (findings.some(({ host }) => host === cluster.manager.name)) return findings;
    const list = edgePorts(cluster).join(" and ");
    const text = `${list} ${isServed(context) ? "used by this class" : "free"}`;
    return [...findings, { host: cluster.manager.name, level: "ok", text }];
  },
};

const findingsOn = (host: Host, context: CheckContext): Finding[] => {
  const listening = context.listening(host);
  return needsOf(host, context).flatMap(({ port, neededBy, ours }) => {
    const other = listening.find((each) => each.port === port && !ours.test(each.program));
    if (other === undefined) return [];
    return [
      {
        host: host.name,
        level: "error",
        text: `port ${port} is in use by ${other.program}, but ${neededBy} needs it`,
        hint: `stop that program; to find it, on ${host.name}: \`sudo ss -ltnp 'sport = :${port}'\``,
      },
    ];
  });
};

const needsOf = (host: Host, context: CheckContext): Need[] => {
  const { manager, nodes, storage } = context.cluster;
  // Docker's proxy holds the published ports of all containers, also of foreign ones.
  const edge = isServed(context) ? /^(docker-proxy|dockerd)$/ : /^$/;
  return [
    ...(host === manager
      ? edgePorts(context.cluster).map((port) => ({ port, neededBy: "the edge", ours: edge }))
      : []),
    ...(host === manager ? [{ port: 2377, neededBy: "the Swarm's management", ours: docker }] : []),
    ...(nodes.includes(host) && buildsForWorkers(context.cluster)
      ? [{ port: ports.registry, neededBy: "the registry of built images", ours: registry }]
      : []),
    ...(nodes.includes(host)
      ? [{ port: 7946, neededBy: "the gossip of the Swarm's nodes", ours: docker }]
      : []),
    ...(host === manager ? [] : [{ port: ports.monitor, neededBy: "the monitor", ours: monitor }]),
    ...(host === storage ? [{ port: 2049, neededBy: "the NFS server", ours: kernel }] : []),
  ];
};

const docker = /^dockerd$/;
// Started by its file, so it has that name.
const monitor = /^monitor$/;
// The registry, and on a worker systemd, which starts the relay to it.
const registry = /^(docker-registry|systemd|systemd-socket-)/;
// The kernel listens for nfsd, and `ss` names no program then.
const kernel = /^a program$/;

const edgePorts = ({ config }: Cluster): number[] =>
  config.tls.kind === "off" ? [ports.http] : [ports.http, ports.https];

const isServed = ({ cluster, machines }: CheckContext): boolean =>
  machines(cluster.manager).facts.files[paths.edgeConfiguration] !== undefined;
