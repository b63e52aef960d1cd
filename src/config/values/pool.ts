import { isIPv4 } from "node:net";
import { reader } from "./reader.js";

const privateFirst = /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.)/;

/** A private network of which Docker takes its own: at least 16 of 254 addresses. */
export const poolFrom = reader(
  { what: "a private IPv4 network", example: "10.210.0.0/16" },
  (text, reject): string => {
    const [, address = "", prefix = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
    if (!isIPv4(address)) throw reject();
    if (!privateFirst.test(address)) throw reject("in 10/8, 172.16/12 or 192.168/16");
    const shift = 32 - Number(prefix);
    if (shift > 20 || shift < 12) throw reject("from /12 to /20");
    const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    if (number % 2 ** shift !== 0) throw reject(`no address has bits after /${prefix}`);
    return text;
  },
);
