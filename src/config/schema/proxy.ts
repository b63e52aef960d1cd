import * as z from "zod";
import { lineFrom } from "../values/names.js";
import { exceptionFromProxy, proxyAddressFrom } from "../values/proxy.js";
import type { ProxyConfig } from "../proxy-config.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import type { Finding } from "../yaml/complaints.js";
import { isMapping, leaf, list, section, valueAt } from "./fields.js";

/** `proxy` of swarmhub.yaml: an address, or a mapping. */
export const proxy = z.preprocess(
  (value) => (typeof value === "string" ? { http: value } : value),
  section(
    {
      http: leaf(proxyAddressFrom),
      https: leaf(proxyAddressFrom).exactOptional(),
      except: list(
        { what: "a list of hosts, domains and networks", example: "[.example.org]" },
        leaf(exceptionFromProxy),
      ).default([]),
      user: leaf(lineFrom("a user name", "geo", 200)).exactOptional(),
      password: leaf(
        outsideSecretFrom("from-env NAME or from-file PATH", "from-env PROXY_PASSWORD"),
      ).exactOptional(),
    },
    "http://proxy.example.org:3128",
    "the address of an HTTP proxy, or a mapping of http, https, except, user and password",
  ),
);

/** The same for the rest of swarmhub; a relative path starts at the folder of swarmhub.yaml. */
export const proxyOf = (
  { http, https = http, except, user, password }: z.output<typeof proxy>,
  folder: string,
): ProxyConfig => ({
  http,
  https,
  except,
  ...(user !== undefined &&
    password !== undefined && { login: { user, password: fromFolder(password, folder) } }),
});

/** A complaint about a user without a password, or the reverse. */
export const proxyFindings = (raw: unknown): Finding[] => {
  const given = valueAt(raw, ["proxy"]);
  if (!isMapping(given)) return [];
  const [user, password] = ["user", "password"].map((key) => (given[key] ?? null) !== null);
  if (user === password) return [];
  const [present, missing] = user === true ? ["user", "password"] : ["password", "user"];
  const example = missing === "user" ? "user: geo" : "password: from-env PROXY_PASSWORD";
  return [
    { path: ["proxy", present ?? ""], text: `needs ${missing} beside it, for example ${example}` },
  ];
};
