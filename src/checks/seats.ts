import { countWords, seatMemory, seatsOn, seatsText } from "../cluster/seats.js";
import type { Bytes, Config } from "../config/types.js";
import { formatSize } from "../text/format.js";
import type { Check, Finding } from "./check.js";

/** The class has seats, and each image fits on a machine: how many users it holds at once. */
export const seats: Check = {
  name: "seats",
  run: async ({ cluster, machines }) => {
    // Of memory only; the check of GPUs says where those are missing.
    const { gpus: _gpus, ...servers } = cluster.config.servers;
    const config = { ...cluster.config, servers };
    const each = cluster.seatHosts.map((host) => {
      const { memory } = machines(host).facts;
      return { host, memory, seats: seatsOn(memory, config, host === cluster.manager) };
    });
    // No worker can be reached, which is a finding of its own.
    if (each.length === 0) return [];
    const size = formatSize(seatMemory(config.servers));
    const sum = each.reduce((total, one) => total + one.seats, 0);
    const machinesText = countWords(each.map(({ memory }) => formatSize(memory)));
    if (sum === 0)
      return [
        {
          level: "error",
          text: `no seats: ${machinesText} of memory is too little for the system and one server of ${size}`,
          hint: "use machines with more memory, or lower `servers: memory` or `servers: guarantee`",
        },
      ];
    const without = each
      .filter((one) => one.seats === 0)
      .map(({ host, memory }): Finding => ({
        host: host.name,
        level: "warning",
        text: `its memory (${formatSize(memory)}) is too small for a server of ${size}, so it takes no users`,
      }));
    const tooLarge = sizesOf(config)
      .filter(
        ({ memory }) =>
          !each.some((one) => fits(memory, config, one.memory, one.host === cluster.manager)),
      )
      .map(({ name, memory, place }): Finding => ({
        level: "error",
        text: `${name} needs servers of ${formatSize(memory)}, for which no machine has enough memory (${machinesText})`,
        hint: `lower the \`memory\` of ${place}, set \`servers: guarantee\`, or use a machine with more memory`,
      }));
    return [...without, ...tooLarge, { level: "ok", text: seatsText(cluster, machines) }];
  },
};

/** The images and groups whose servers have a memory of their own. */
const sizesOf = ({ servers, login }: Config): { name: string; memory: Bytes; place: string }[] => [
  ...servers.images.map(({ name, memory }) => ({
    name: `the image ${name}`,
    memory,
    place: "this image in `servers: images`",
  })),
  ...Object.entries(login.groupServers).flatMap(([name, { memory }]) =>
    memory === undefined
      ? []
      : [{ name: `the group ${name}`, memory, place: "this group in `login: groups`" }],
  ),
];

/** Whether a machine with this memory (bytes) has a seat for a server with that memory. */
const fits = (memory: Bytes, config: Config, machine: number, isManager: boolean): boolean => {
  const { guarantee = memory } = config.servers;
  const servers = { ...config.servers, guarantee: guarantee < memory ? guarantee : memory };
  return seatsOn(machine, { ...config, servers }, isManager) > 0;
};
