import type { FakeHost } from "../../support/fakes.js";

/** A connection of a fake network: from a machine by name, to an address, at "4789/udp". */
type Packet = { from: string; to: string; port: string };

/**
 * Gives fake hosts a perl that plays the listener and the prober of the connection test: what `isClosed` says gets no answer, the rest
 * arrives. Answers the ports that were listened at: "worker1 watch udp/4789".
 */
export const wire = (
  hosts: readonly FakeHost[],
  isClosed: (packet: Packet) => boolean = () => false,
): string[] => {
  const listened: string[] = [];
  for (const host of hosts) {
    const others = host.run;
    const ends = new Map<string, (answer: string) => void>();
    host.run = async (argv, options) => {
      if (argv[0] === "kill") ends.get(argv[1] ?? "")?.("");
      if (argv[0] !== "perl") return others(argv, options);
      const input = String(options?.input);
      const orders = (input.split("__END__\n")[1]?.trim() ?? "").split("\n");
      if (input.includes("Listen =>")) {
        const how = orders[0]?.split(" ").at(-1);
        for (const port of orders.slice(1)) {
          listened.push(`${host.name} ${how} ${port}`);
          options?.onLine?.(`open ${port}`);
        }
        const pid = String(ends.size + 1);
        const ended = new Promise<string>((resolve) => ends.set(pid, resolve));
        options?.onLine?.(`ready ${pid}`);
        return ended;
      }
      return orders
        .map((order) => {
          const [, to = "", protocol, port] = order.split(" ");
          const closed = isClosed({ from: host.name, to, port: `${port}/${protocol}` });
          return `${to} ${protocol} ${port} ${closed ? "silent" : "reached"}\n`;
        })
        .join("");
    };
  }
  return listened;
};
