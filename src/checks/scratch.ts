import { scratchOf, scratchText } from "../cluster/scratch.js";
import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

/** Whether one server can fill the disk of a machine, and what bounds it where it cannot. */
export const scratch: Check = {
  name: "scratch",
  run: async ({ cluster, machines }) =>
    cluster.seatHosts.map((host): Finding => {
      const found = scratchOf(cluster, host, machines(host).facts);
      const text = scratchText(found);
      const { scratch: wanted = 0 } = cluster.config.servers;
      if (found.kind === "guarded")
        return {
          host: host.name,
          level: found.hint === undefined ? "note" : "warning",
          text,
          ...(found.hint !== undefined && { hint: `for a limit: ${found.hint}` }),
        };
      if (found.kind === "limited" && !found.counts)
        return {
          host: host.name,
          level: "warning",
          text,
          hint: `on ${host.name}: \`docker info\` must have the storage driver overlay2 on xfs`,
        };
      if (found.kind === "possible" && found.isTight)
        return {
          host: host.name,
          level: "warning",
          text: `${text}, which the disk does not have for every seat`,
          hint: "a larger disk, or XFS with prjquota mounted at /var/lib/docker before `swarmhub up`; when all write that much, the server that wrote most is ended",
        };
      const isLess = found.kind === "possible" && found.limit < wanted;
      const less = isLess ? ` (less than ${formatSize(wanted)}: its disk is small)` : "";
      return { host: host.name, level: "ok", text: `${text}${less}` };
    }),
};
