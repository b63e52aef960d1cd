import { isIPv4, isIPv6 } from "node:net";
import { UserError } from "../../errors.js";

const example = "write for example debian@203.0.113.10, a Host of your ~/.ssh/config, or local";

/** An OpenSSH destination (`host`, `user@host`, `ssh://user@host:port`) or `local`, as given. Throws a UserError. */
export const destinationFrom = (text: string): string => {
  if (text.startsWith("-"))
    throw new UserError("ssh would take it for an option", { hint: example });
  if (/\s/.test(text))
    throw new UserError("there is a space in it", { hint: `${example}; a list has brackets` });
  const { user, host, port } = destinationParts(text);
  if (user !== undefined && !/^\w[\w.+@-]{0,63}$/.test(user))
    throw new UserError("the user before the @ is none that ssh could ask for", { hint: example });
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))
    throw new UserError("a port lies between 1 and 65535", {
      hint: "write for example ssh://debian@host:2222",
    });
  checkHostName(host, user);
  return text;
};

/** What two destinations share when they lead to one machine: the host and the port, without the user. */
export const machineOf = (destination: string): string => {
  const { host, port } = destinationParts(destination);
  const name = here.has(host) ? "localhost" : host.toLowerCase();
  return `${name}:${Number(port ?? 22)}`;
};

/** An IPv4 address that other machines can use. Throws a UserError. */
export const addressFrom = (text: string): string => {
  const right = "write for example 10.0.0.5";
  if (!isIPv4(text))
    throw new UserError("it is four numbers from 0 to 255 with dots between", { hint: right });
  const first = Number(text.split(".")[0]);
  if (first === 127) throw new UserError("every machine finds only itself there", { hint: right });
  if (first === 0 || first >= 224)
    throw new UserError("no single machine can have it", { hint: right });
  return text;
};

const here = new Set(["local", "127.0.0.1", "::1"]);

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

const checkHostName = (host: string, user: string | undefined): void => {
  if (isIPv6(host)) return;
  const port = /^([\w.-]+):(\d+)$/.exec(host);
  if (port !== null) {
    const destination = `ssh://${user === undefined ? "" : `${user}@`}${port[1]}:${port[2]}`;
    throw new UserError("ssh takes a port only in this form", { hint: `write ${destination}` });
  }
  if (!/^[A-Za-z0-9]([\w.-]{0,252}[\w])?$/.test(host))
    throw new UserError("a host is letters, digits, dots and hyphens", { hint: example });
  if (/^[\d.]+$/.test(host) && !isIPv4(host))
    throw new UserError("it looks like an IPv4 address and is none", { hint: example });
};
