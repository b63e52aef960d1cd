import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

const comfortable = 5 * 1024 ** 3;
// bytes: Docker, our images and a notebook image
const least = 1024 ** 3;
// bytes: Docker and one small image

/** The root disks hold Docker and its images. */
export const diskSpace: Check = {
  name: "space",
  run: async ({ cluster, machines }) =>
    cluster.hosts.map((host): Finding => {
      const { freeOnRoot, units } = machines(host).facts;
      const free = `${formatSize(freeOnRoot)} free on its root disk`;
      if (freeOnRoot >= comfortable) return { host: host.name, level: "ok", text: free };
      const blank = units["docker.service"] !== "active";
      return {
        host: host.name,
        level: freeOnRoot < least && blank ? "error" : "warning",
        text: `${free}; Docker and the images of a class take up to ${formatSize(comfortable)}`,
        hint: `make room on ${host.name}: \`sudo du -xh --max-depth=2 / | sort -h | tail\` shows what is large`,
      };
    }),
};
