import { isIPv4 } from "node:net";
import { reader } from "./reader.js";

/** The address of an ACME server's directory. */
export const directoryFrom = reader(
  { what: "the address of an ACME directory", example: "https://ca.example.org/acme/directory" },
  (text, reject): string => {
    if (!text.startsWith("https://")) throw reject("ACME requires https://");
    if (!URL.canParse(text) || text.length > 500) throw reject("not a valid address");
    const url = new URL(text);
    if (url.username !== "" || url.password !== "") throw reject("without user name and password");
    // certbot reads it from a line of a file.
    if (!/^https:\/\/[\w.:[\]-]+\/[\w./~%&=?-]*$/.test(url.href))
      throw reject("not a valid address");
    return url.href;
  },
);

/** The id of the key that ties an ACME account to an account at the authority (external account binding). */
export const keyIdFrom = reader({ what: "a key id", example: "a1b2c3" }, (text, reject): string => {
  if (!/^[\w.:/+=-]{1,200}$/.test(text)) throw reject("letters, digits and . _ : / + = -");
  return text;
});

/** A kind of DNS server that the edge writes records to by itself. */
export const pluginFrom = reader({ what: "rfc2136" }, (text, reject): string => {
  if (text === "rfc2136") return text;
  throw reject(
    "the only one supported: BIND, Knot, PowerDNS and others that take dynamic updates",
    "for another DNS server write dns: {hook: ./dns-hook}",
  );
});

/** An IPv4 address, or a network as 192.168.0.0/24. */
export const networkFrom = reader(
  { what: "an IPv4 address or network", example: "192.168.0.0/24" },
  (text, reject): string => {
    const [address = "", bits, ...more] = text.split("/");
    if (!isIPv4(address) || more.length > 0) throw reject();
    if (bits === undefined) return text;
    if (!/^\d{1,2}$/.test(bits) || Number(bits) > 32)
      throw reject("the number after / is at most 32");
    if (Number(bits) < 8) throw reject("anyone could be in a network wider than /8");
    return text;
  },
);
