import type { Cluster } from "../cluster/cluster.js";
import type { Terminal } from "../report/terminal.js";
import { reopenByHub } from "../swarm/hub.js";
import { jsonText } from "../text/format.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** Lets everybody log in again. */
export const reopen = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, (cluster) => reopenClass(cluster, options, terminal));

/** The same in a class. */
export const reopenClass = async (
  cluster: Cluster,
  { json }: Pick<ClassOptions, "json">,
  terminal: Pick<Terminal, "print">,
): Promise<void> => {
  const wasClosed = await reopenByHub(cluster);
  const { name } = cluster.config;
  if (json) return terminal.print(jsonText({ closed: false, wasClosed }));
  terminal.print(wasClosed ? `${name} is open again` : `${name} was not closed`);
};
