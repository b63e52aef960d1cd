import { isIPv4 } from "node:net";
import { isPrivate } from "../cluster/ipv4.js";
import { type OutboundProxy, proxyOn } from "../cluster/outbound.js";
import type { Facts } from "../host/facts.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { UsersNetwork } from "../config/schema/network.js";
import type { Config } from "../config/types.js";
import { serviceName, units } from "../names.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import {
  firewallScript,
  firewallUnit,
  loadedRules,
  loadedRules6,
  removeScript,
} from "./firewall/rules.js";
import { type UsersAccess, isOwnAddress } from "./firewall/users.js";
import { plural } from "../text/format.js";
import { unitSteps } from "./shared/files.js";

/** Opens the Swarm and NFS ports only between the machines; blocks containers from them and from the provider's metadata. */
export const firewall: Piece<Machines> = {
  name: "firewall",
  inspect: inspectMachines,
  plan: (want, machines, cluster) => {
    const addresses = cluster.hosts.map((host) => machines(host).address).toSorted();
    const pages = pagesOf(machines(cluster.manager));
    return cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const users = withProxy(
        { ...want.servers.network, pages },
        facts,
        proxyOn(cluster, machines, facts),
      );
      const rules = {
        addresses,
        isEncrypted: want.swarm.encrypted,
        isNfsShared: host === cluster.storage && isNfsShared(want),
        users,
        services: host === cluster.manager ? ownServices(want.name) : [],
      };
      const files = [
        { path: paths.firewall, content: firewallScript(rules), mode: 0o755 },
        { path: paths.firewallUnit, content: firewallUnit },
      ];
      return unitSteps(host, facts, files, {
        title: "load the firewall rules",
        detail: `Swarm and NFS ports open only between ${addresses.join(", ")}${want.swarm.encrypted ? ", the overlay network only encrypted" : ""}; ${reachText(users)}`,
        isActive:
          sameLines(
            facts.firewall.filter((line) => !isOwnAddress(line)),
            loadedRules(rules),
          ) &&
          sameLines(facts.firewall6, facts.ipv6 ? loadedRules6(rules) : []) &&
          facts.units[units.firewall] === "active",
        start: `systemctl daemon-reload
systemctl -q enable ${units.firewall}
systemctl restart ${units.firewall}`,
      });
    });
  },
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const exists =
        facts.firewall.length + facts.firewall6.length > 0 ||
        facts.files[paths.firewall] !== undefined ||
        facts.files[paths.firewallUnit] !== undefined;
      return exists
        ? [{ host, title: "remove the firewall rules", run: () => host.script(removeScript) }]
        : [];
    }),
};

/** Users' servers reach the proxy although it is in a private network, unless they are to reach nothing. */
const withProxy = (
  users: UsersAccess,
  { dockerProxyAddresses = [] }: Facts,
  proxy: OutboundProxy | undefined,
): UsersAccess => {
  if (proxy === undefined || users.access !== "no-private") return users;
  const ends = [...new Set([proxy.http, proxy.https])].flatMap((address) => {
    const { hostname, port, protocol } = new URL(address);
    const hosts = isIPv4(hostname) ? [hostname] : dockerProxyAddresses;
    const number = Number(port || (protocol === "https:" ? 443 : 80));
    return hosts.filter(isPrivate).map((host) => ({ network: `${host}/32`, port: number }));
  });
  return { ...users, except: [...users.except, ...ends] };
};

const isNfsShared = ({ storage }: Config): boolean =>
  storage.kind === "persistent" && storage.share === true;

/** Hub and edge reach providers of logins and certificates, also for users who reach nothing. */
const ownServices = (className: string): string[] =>
  (["hub", "edge"] as const).map((part) => serviceName(className, part));

/** The manager's internal address and that of its default route, at which browsers reach the class. */
const pagesOf = ({ facts: { addresses, routes }, address }: ReturnType<Machines>): string[] => {
  const outside = routes.find(({ destination }) => destination === "default")?.device;
  const first = addresses.find(({ device }) => device === outside)?.address ?? address;
  return [...new Set([address, first])].toSorted();
};

const reachText = ({ access, except }: UsersNetwork): string =>
  ({
    open: "users' servers reach every network",
    "no-private": "users' servers reach no private network",
    none: "users' servers reach no network",
  })[access] +
  (except.length > 0 && access !== "open" ? ` but ${plural(except.length, "exception")}` : "");

const sameLines = (have: readonly string[], want: readonly string[]): boolean =>
  JSON.stringify(have.toSorted()) === JSON.stringify(want.toSorted());
