import { isIPv4, isIPv6 } from "node:net";
import { type Reject, didYouMean, reader } from "./reader.js";

/** An OpenSSH destination (`host`, `user@host`, `ssh://user@host:port`) or `local`, as given. */
export const destinationFrom = reader(
  { what: "local or an SSH destination", example: "debian@203.0.113.10" },
  (text, reject): string => {
    if (text.startsWith("-")) throw reject("ssh would read it as an option");
    if (/\s/.test(text)) throw reject("it contains a space; a list has brackets");
    // OpenSSH refuses ssh://user@[2001:db8::2]:22, and looks up [2001:db8::2] as a name.
    if (text.includes("["))
      throw reject(
        "ssh takes no address in brackets: without a port write debian@2001:db8::1; with one, name the machine in ~/.ssh/config (Host, HostName, Port)",
      );
    const { user, host, port } = destinationParts(text);
    if (user !== undefined && !/^\w[\w.+@-]{0,63}$/.test(user))
      throw reject("the user name before @ is not valid");
    if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))
      throw reject("a port is a number from 1 to 65535");
    checkHostName(host, user, reject);
    return text;
  },
);

/** The machine that a destination leads to, as host and port without the user: equal for two destinations of one machine. */
export const machineOf = (destination: string): string => {
  const { host, port } = destinationParts(destination);
  const name = thisMachine.has(host) ? "localhost" : host.toLowerCase();
  return `${name}:${Number(port ?? 22)}`;
};

/** An IPv4 address at which other machines reach one machine. */
export const addressFrom = reader(
  { what: "an IPv4 address", example: "10.0.0.5" },
  (text, reject): string => {
    if (!isIPv4(text)) throw reject("four numbers from 0 to 255, joined by dots");
    const first = Number(text.split(".")[0]);
    if (first === 127) throw reject("at a loopback address every machine reaches only itself");
    if (first === 0 || first >= 224) throw reject("no single machine can have it");
    return text;
  },
);

const thisMachine = new Set(["local", "127.0.0.1", "::1"]);

type Parts = { user?: string; host: string; port?: string };

const destinationParts = (text: string): Parts => {
  const uri = /^ssh:\/\/(.*?)\/?$/.exec(text)?.[1];
  const rest = uri ?? text;
  const at = rest.lastIndexOf("@");
  const place = rest.slice(at + 1);
  const colon = uri === undefined ? null : /^(\[.*\]|[^:]*):(\d{1,6})$/.exec(place);
  const host = (colon?.[1] ?? place).replace(/^\[(.*)\]$/, "$1");
  return {
    ...(at >= 0 && { user: rest.slice(0, at) }),
    host,
    ...(colon?.[2] !== undefined && { port: colon[2] }),
  };
};

const checkHostName = (host: string, user: string | undefined, reject: Reject): void => {
  if (isIPv6(host)) return;
  const port = /^([\w.-]+):(\d+)$/.exec(host);
  if (port !== null) {
    const destination = `ssh://${user === undefined ? "" : `${user}@`}${port[1]}:${port[2]}`;
    throw reject("a port needs the form ssh://", didYouMean(destination));
  }
  if (!/^[A-Za-z0-9]([\w.-]{0,252}[\w])?$/.test(host))
    throw reject("a host name has letters, digits, dots and hyphens");
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) throw reject("not a valid IPv4 address");
};
