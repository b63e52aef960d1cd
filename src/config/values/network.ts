import { isIPv4 } from "node:net";
import { reader } from "./reader.js";

/** What users' servers reach outside of the class: everything, everything but private networks, or nothing. */
export type Access = "open" | "no-private" | "none";

/** How far users' servers reach. */
export const accessFrom = reader(
  { what: "open, no-private or none", example: "no-private" },
  (text, reject): Access => {
    if (text !== "open" && text !== "no-private" && text !== "none") throw reject();
    return text;
  },
);

/** Where users' servers may connect to although `access` closes it: "10.1.0.0/16", and a port if not all are meant. */
export type Exception = { network: string; port?: number };

/** An IPv4 address or network, and a port if not all are meant. */
export const exceptionFrom = reader(
  {
    what: "an IPv4 address or network, with or without a port",
    example: "10.1.2.0/24 or 10.1.2.3:5432",
  },
  (text, reject): Exception => {
    const [, address = "", prefix = "32", port] =
      /^([\d.]+)(?:\/(\d{1,2}))?(?::(\d{1,5}))?$/.exec(text) ?? [];
    if (!isIPv4(address))
      throw reject("not a name: its address may change, and rules of a firewall need one");
    if (Number(prefix) > 32) throw reject("the number after / is at most 32");
    const network = `${address}/${Number(prefix)}`;
    const whole = wholeNetwork(address, Number(prefix));
    if (whole !== network) throw reject(`the network is ${whole}`, `write ${whole}`);
    if (port === undefined) return { network };
    if (!(Number(port) >= 1 && Number(port) <= 65_535))
      throw reject("a port is a number from 1 to 65535");
    return { network, port: Number(port) };
  },
);

/** The network that an address is in, as iptables lists it. */
const wholeNetwork = (address: string, prefix: number): string => {
  const kept = address.split(".").map((part, index) => {
    const bits = Math.min(8, Math.max(0, prefix - 8 * index));
    return Number(part) & (256 - 2 ** (8 - bits));
  });
  return `${kept.join(".")}/${prefix}`;
};
