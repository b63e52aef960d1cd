import { gpuKind, gpusOf, showsGpus } from "../cluster/gpus.js";
import { paths } from "../paths.js";
import { plural } from "../text/format.js";
import type { Check, Finding } from "./check.js";

/** Machines have the GPUs that `servers.gpus` promises, and show them to servers. */
export const gpus: Check = {
  name: "gpus",
  run: async ({ cluster, machines }) => {
    const { gpus: wanted } = cluster.config.servers;
    if (wanted === undefined || cluster.seatHosts.length === 0) return [];
    const each = cluster.seatHosts.map((host) => {
      const { facts } = machines(host);
      return { host: host.name, count: gpusOf(facts), isShown: showsGpus(facts) };
    });
    if (each.every(({ count }) => count < wanted))
      return [
        {
          level: "error",
          text: `no machine offers ${plural(wanted, "GPU")} for a server`,
          hint: `list them as ${gpuKind} in "node-generic-resources" of ${paths.dockerConfiguration} on each machine (docs/images.md, GPU), then type there: sudo systemctl restart docker`,
        },
      ];
    return each.flatMap(({ host, count, isShown }): Finding[] =>
      count < wanted
        ? [
            {
              host,
              level: "warning",
              text: `it offers ${plural(count, "GPU")}, and a server needs ${wanted}, so it takes no users`,
            },
          ]
        : isShown
          ? []
          : [
              {
                host,
                level: "warning",
                text: "nvidia is not the default runtime of its Docker, so servers do not see their GPU",
                hint: "type there: sudo nvidia-ctk runtime configure --runtime=docker --set-as-default && sudo systemctl restart docker",
              },
            ],
    );
  },
};
