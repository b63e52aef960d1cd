import { counted, seatOf, seatsOn, seatsText } from "../cluster/seats.js";
import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

/** How many users the class holds at once; with not one seat there is no class. */
export const seatHosts: Check = {
  name: "seats",
  run: async ({ cluster, machines }) => {
    const { config } = cluster;
    const each = cluster.seatHosts.map((host) => {
      const { memory } = machines(host).facts;
      return { host, memory, seats: seatsOn(memory, config, host === cluster.manager) };
    });
    const size = formatSize(seatOf(config.servers));
    const sum = each.reduce((total, one) => total + one.seats, 0);
    const machinesText = counted(each.map(({ memory }) => formatSize(memory)));
    if (sum === 0)
      return [
        {
          level: "error",
          text: `no seat: ${machinesText} is too little for the system and one server of ${size}`,
          hint: "give the machines more memory, or make `servers: memory` or `servers: guarantee` in the configuration smaller",
        },
      ];
    const without = each
      .filter((one) => one.seats === 0)
      .map(({ host, memory }): Finding => ({
        host: host.name,
        level: "warning",
        text: `its ${formatSize(memory)} of memory hold no server of ${size}, so it takes no users`,
      }));
    return [...without, { level: "ok", text: seatsText(cluster, machines) }];
  },
};
