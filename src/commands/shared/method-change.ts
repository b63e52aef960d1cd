import { hubSettingsIn } from "../../../contracts/hub-settings.js";
import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { inspectHomes } from "../../homes/inspect.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { plural, printable } from "../../text/format.js";

const shownAtMost = 20;

/**
 * The sentence about a method of login that `up` will change, or about what it makes names of, with the homes that nobody on the roster
 * has; undefined where both stay. Homes belong to names, and another method may make other names of the same people.
 */
export const methodChange = async (
  cluster: Cluster,
  usersOf = usersWithHomes,
): Promise<string | undefined> => {
  const { config, manager, storage } = cluster;
  const { facts } = (await inspectMachines(cluster))(manager);
  const before = methodIn(facts.files[paths.hubConfiguration]);
  const { method, people } = config.login;
  const what = before && changeBetween(before, method);
  if (what === undefined || storage === undefined) return undefined;
  const users = await usersOf(storage);
  if (users.length === 0) return undefined;
  const staff = [...config.login.admins, ...config.login.teachers];
  const listed = Array.isArray(people) ? [...people.map(({ name }) => name), ...staff] : undefined;
  const others = listed === undefined ? users : users.filter((user) => !listed.includes(user));
  const change = `${what}. Homes of equal names are kept`;
  if (others.length === 0) return `${change}, and every home has its user on the roster`;
  const names =
    others.slice(0, shownAtMost).join(", ") + (others.length > shownAtMost ? ", …" : "");
  const which =
    listed === undefined
      ? `check that these users will have the same names: ${names}`
      : `${plural(others.length, "home")} of users who are not on the roster under this name: ${names}`;
  return printable(`${change}; ${which}`);
};

// Before the homes' disk is mounted, there is nothing to say.
const usersWithHomes = async (storage: Host): Promise<string[]> => {
  const found = await inspectHomes(storage).catch(() => undefined);
  return (found?.homes ?? []).map(({ name, user }) => user ?? name);
};

/** A method in hub.json or in the configuration, as far as names depend on it. */
type Method = {
  kind: string;
  issuer?: string;
  url?: string;
  username?: string;
  attribute?: string;
  domains?: readonly string[];
};

/** The method in hub.json; undefined where there is none. */
const methodIn = (text?: string): Method | undefined => {
  const settings = hubSettingsIn(text);
  // Before there were several methods, hub.json named none.
  return settings && (settings.loginMethod ?? { kind: "shared-password" });
};

const changeBetween = (before: Method, now: Method): string | undefined => {
  if (methodName(before) !== methodName(now))
    return `the method of login changes from ${methodName(before)} to ${methodName(now)}`;
  if (namesOf(before) === namesOf(now)) return undefined;
  return `${methodName(now)} will name users by ${namesOf(now)}, until now by ${namesOf(before)}`;
};

/** "oidc https://id.example.edu". */
const methodName = ({ kind, issuer, url }: Method): string =>
  [kind, issuer ?? url ?? []].flat().join(" ");

/** "email without @example.edu": of a single domain, names are short (hub/swarmhub/login/provider/identity.py). */
const namesOf = ({ username, attribute, domains = [] }: Method): string =>
  `${username ?? attribute ?? ""}${domains.length === 1 ? ` without @${domains[0]}` : ""}`;
