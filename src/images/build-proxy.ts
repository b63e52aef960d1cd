import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { type OutboundProxy, proxyOn } from "../cluster/outbound.js";
import type { Host } from "../host/host.js";

/**
 * The HTTP proxy for what a build on this machine downloads. Docker leaves these variables out of the image's history
 * (docs.docker.com/reference/dockerfile, "Predefined ARGs"), but whoever writes the Dockerfile can read them.
 */
export const buildProxy = async (
  cluster: Cluster,
  host: Host,
): Promise<OutboundProxy | undefined> => {
  // Docker was perhaps installed in this run, with a proxy of the owner's.
  const machines = await inspectMachines(cluster);
  return proxyOn(cluster, machines, machines(host).facts);
};
