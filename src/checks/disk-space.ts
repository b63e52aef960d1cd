import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

const recommended = 5 * 1024 ** 3;
// bytes: Docker, our images and a notebook image
const minimum = 1024 ** 3;
// bytes: Docker and one small image

/** The root disks have room for Docker and its images. */
export const diskSpace: Check = {
  name: "disk",
  run: async ({ cluster, machines }) =>
    cluster.hosts.map((host): Finding => {
      const { freeOnRoot, units } = machines(host).facts;
      const free = `${formatSize(freeOnRoot)} free on its root disk`;
      if (freeOnRoot >= recommended) return { host: host.name, level: "ok", text: free };
      const blank = units["docker.service"] !== "active";
      return {
        host: host.name,
        level: freeOnRoot < minimum && blank ? "error" : "warning",
        text: `${free}; Docker and the class's images need up to ${formatSize(recommended)}`,
        hint: `free some space on ${host.name}; to see what is large: \`sudo du -xh --max-depth=2 / | sort -h | tail\``,
      };
    }),
};
