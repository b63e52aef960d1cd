import { isIPv4 } from "node:net";
import { reader } from "./reader.js";

/** The address of an HTTP proxy, "http://proxy.example.org:3128"; user and password have keys of their own. */
export const proxyAddressFrom = reader(
  { what: "the address of an HTTP proxy", example: "http://proxy.example.org:3128", hidden: true },
  (text, reject): string => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== "http:") throw reject("it begins with http://, also for https traffic");
    if (url.username !== "" || url.password !== "")
      throw reject(
        "without user and password, which would be seen",
        "write them as user: NAME and password: from-env PROXY_PASSWORD",
      );
    const [, host = "", port = ""] = /^http:\/\/([a-z0-9.-]+):(\d{1,5})\/?$/i.exec(text) ?? [];
    if (host === "" || !(Number(port) >= 1 && Number(port) <= 65_535))
      throw reject("a host and a port");
    return `http://${host.toLowerCase()}:${Number(port)}`;
  },
);

/** What is reached without the proxy: a name, a domain with everything below it (".example.org"), an IPv4 address or network. */
export const exceptionFromProxy = reader(
  { what: "a host, a domain, or an IPv4 network", example: ".example.org" },
  (text, reject): string => {
    const name = text.toLowerCase().replace(/^\*\./, ".");
    const [, address = "", prefix] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(name) ?? [];
    if (address !== "") {
      if (!isIPv4(address) || Number(prefix ?? 32) > 32) throw reject("not a valid network");
      return name;
    }
    if (!/^\.?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/.test(name))
      throw reject("without https://, port and path");
    return name;
  },
);
