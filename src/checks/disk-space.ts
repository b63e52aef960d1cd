import { fullDiskHint, fullDiskText, isFull } from "../cluster/disks.js";
import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

const recommended = 5 * 1024 ** 3;
// bytes: Docker, our images and a notebook image
const minimum = 1024 ** 3;
// bytes: Docker and one small image

/** The disks where Docker is or will be have room for its images, and for more servers. */
export const diskSpace: Check = {
  name: "disk",
  run: async ({ cluster, machines }) =>
    cluster.hosts.map((host): Finding => {
      const { facts } = machines(host);
      const { dockerDisks, units } = facts;
      const blank = units["docker.service"] !== "active";
      const text = fullDiskText(facts);
      if (text !== undefined && !blank)
        return {
          host: host.name,
          level: isFull(facts) ? "error" : "warning",
          text,
          hint: fullDiskHint(host, facts),
        };
      const [smallest] = dockerDisks.toSorted((one, other) => one.freeBytes - other.freeBytes);
      const { freeBytes, path } = smallest ?? { freeBytes: 0, path: "/" };
      const free = `${formatSize(freeBytes)} free in ${path}`;
      if (freeBytes >= recommended) return { host: host.name, level: "ok", text: free };
      return {
        host: host.name,
        level: freeBytes < minimum && blank ? "error" : "warning",
        text: `${free}; Docker and the class's images need up to ${formatSize(recommended)}`,
        hint: `free some space on ${host.name}; to see what is large: \`sudo du -xh --max-depth=2 / | sort -h | tail\``,
      };
    }),
};
