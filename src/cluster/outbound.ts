import { type OutboundProxy, proxyVariables } from "../../contracts/outbound-proxy.js";
import type { Config } from "../config/types.js";
import { dockerSettings } from "../host/docker-settings.js";
import type { Facts } from "../host/facts.js";
import { proxyLogin, serviceParts } from "../names.js";
import type { Cluster } from "./cluster.js";
import { isPrivate } from "./ipv4.js";
import type { Machines } from "./machines.js";

export { type OutboundProxy, proxyVariables };

/** What is never asked through a proxy: the machine itself, the class's parts, and private networks, as NFS and Swarm use them. */
const direct = [
  "localhost",
  "127.0.0.1",
  "::1",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  ...serviceParts,
];

/** The proxy of the key `proxy`. Machines that come and go do not change it, or Docker would restart on all of them. */
export const configuredProxy = (
  { config, secrets, hosts }: Pick<Cluster, "config" | "secrets" | "hosts">,
  machines: Machines,
): OutboundProxy | undefined => {
  const { proxy } = config;
  if (proxy === undefined) return undefined;
  const login = secrets.get(proxyLogin);
  const [http, https] = [proxy.http, proxy.https].map((address) =>
    login === undefined ? address : address.replace("//", `//${login}@`),
  ) as [string, string];
  const open = hosts.map((host) => machines(host).address).filter((each) => !isPrivate(each));
  return {
    http,
    https,
    except: unique([...proxy.except, ...namesOf(config), ...open.toSorted(), ...direct]),
  };
};

/** The configured proxy, else the one that the owner gave to Docker on this machine; undefined without one. */
export const proxyOn = (
  cluster: Pick<Cluster, "config" | "secrets" | "hosts">,
  machines: Machines,
  facts: Facts,
): OutboundProxy | undefined => {
  const configured = configuredProxy(cluster, machines);
  if (configured !== undefined) return configured;
  const owners = ownersProxy(facts);
  return (
    owners && {
      ...owners,
      except: unique([...owners.except, ...namesOf(cluster.config), ...direct]),
    }
  );
};

/** By the environment of Docker's process, and before that by its daemon.json or flags (dockerd(8), "proxies"). */
const ownersProxy = ({ dockerProxy = {}, ...facts }: Facts): OutboundProxy | undefined => {
  const proxies = dockerSettings(facts)["proxies"];
  const inFile = (typeof proxies === "object" && proxies !== null ? proxies : {}) as Record<
    string,
    unknown
  >;
  const get = (kind: string): string => {
    const text = inFile[`${kind}-proxy`] ?? dockerProxy[`${kind}_proxy`] ?? "";
    return typeof text === "string" ? text : "";
  };
  const [http, https] = [get("http"), get("https")].map(addressOf);
  const known = https ?? http;
  if (known === undefined) return undefined;
  const except = get("no")
    .split(/[\s,]+/)
    .filter((each) => /^[\w.:/*-]{1,253}$/.test(each));
  return { http: http ?? known, https: known, except };
};

/** An address as others accept it, which may lack its scheme; undefined for what is no HTTP proxy. */
const addressOf = (text: string): string | undefined => {
  const address = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`;
  if (text === "" || !URL.canParse(address)) return undefined;
  const { protocol, host, username, password } = new URL(address);
  if (protocol !== "http:" && protocol !== "https:") return undefined;
  const login = username === "" ? "" : `${username}:${password}@`;
  return `${protocol}//${login}${host}`;
};

/** The same without its login, for what others may read. */
export const withoutLogin = ({ http, https, except }: OutboundProxy): OutboundProxy => ({
  http: bare(http),
  https: bare(https),
  except,
});

const bare = (address: string): string => address.replace(/\/\/[^@/]*@/, "//");

/** A proxy in words: "proxy.example.org:3128". */
export const proxyText = ({ https }: OutboundProxy): string => bare(https).replace(/^\w+:\/\//, "");

/** The proxy as hub and edge read it from the secret `outbound-proxy`. */
export const outboundSecretText = ({ http, https, except }: OutboundProxy): string =>
  `${JSON.stringify({ http, https, except })}\n`;

/** The class's own names and address; below the first name there may be a host for each user. */
const namesOf = ({ domain, otherNames, subdomains, publicAddress }: Config): string[] => [
  ...(domain === undefined ? [] : [domain, ...otherNames, ...(subdomains ? [`.${domain}`] : [])]),
  ...(publicAddress === undefined ? [] : [publicAddress]),
];

const unique = (list: readonly string[]): string[] => [...new Set(list)];
