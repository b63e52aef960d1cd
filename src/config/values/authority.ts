import { isIPv4 } from "node:net";
import { UserError } from "../../errors.js";

/** The address of an ACME server's directory. Throws a UserError. */
export const directoryFrom = (text: string): string => {
  const right = "write for example https://ca.example.org/acme/directory";
  if (!text.startsWith("https://"))
    throw new UserError("it begins with https://, which ACME insists on", { hint: right });
  if (!URL.canParse(text) || text.length > 500)
    throw new UserError("it cannot be read", { hint: right });
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new UserError("no name or password belongs in it", { hint: right });
  // certbot reads it from a line of a file.
  if (!/^https:\/\/[\w.:[\]-]+\/[\w./~%&=?-]*$/.test(url.href))
    throw new UserError("it cannot be read", { hint: right });
  return url.href;
};

/** The id of the key by which an authority knows an account of theirs (external account binding). Throws a UserError. */
export const keyIdFrom = (text: string): string => {
  if (!/^[\w.:/+=-]{1,200}$/.test(text))
    throw new UserError("it has letters, digits and . _ : / + = -", { hint: "copy it again" });
  return text;
};

/** A kind of DNS server that the edge can write records to by itself. Throws a UserError. */
export const pluginFrom = (text: string): string => {
  if (text === "rfc2136") return text;
  throw new UserError(
    "the edge knows only rfc2136 (BIND, Knot, PowerDNS: servers that take dynamic updates)",
    { hint: "write dns: {hook: ./dns-hook} with a script that makes the records" },
  );
};

/** An IPv4 address, or a network as 192.168.0.0/24. Throws a UserError. */
export const networkFrom = (text: string): string => {
  const right = "write for example 10.0.0.5 or 192.168.0.0/24";
  const [address = "", bits, ...more] = text.split("/");
  if (!isIPv4(address) || more.length > 0)
    throw new UserError("it is four numbers from 0 to 255 with dots between", { hint: right });
  if (bits === undefined) return text;
  if (!/^\d{1,2}$/.test(bits) || Number(bits) > 32)
    throw new UserError("behind the slash stands a number up to 32", { hint: right });
  if (Number(bits) < 8)
    throw new UserError("so wide a network is believed by nobody: anyone could be in it", {
      hint: right,
    });
  return text;
};
