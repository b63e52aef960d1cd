import { hubSettingsIn } from "../../../contracts/hub-settings.js";
import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { inspectHomes } from "../../homes/inspect.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { plural, printable } from "../../text/format.js";

const shownAtMost = 20;

/**
 * The sentence about a method of login that `up` will change, with the homes that nobody on the roster has; undefined where the method
 * stays. Homes belong to names, and another method may make other names of the same people.
 */
export const methodChange = async (
  cluster: Cluster,
  usersOf = usersWithHomes,
): Promise<string | undefined> => {
  const { config, manager, storage } = cluster;
  const { facts } = (await inspectMachines(cluster))(manager);
  const before = methodIn(facts.files[paths.hubConfiguration]);
  const { method, people } = config.login;
  if (before === undefined || before === methodName(method) || storage === undefined)
    return undefined;
  const users = await usersOf(storage);
  if (users.length === 0) return undefined;
  const staff = [...config.login.admins, ...config.login.teachers];
  const listed = Array.isArray(people) ? [...people.map(({ name }) => name), ...staff] : undefined;
  const others = listed === undefined ? users : users.filter((user) => !listed.includes(user));
  const change = `the method of login changes from ${before} to ${methodName(method)}. Homes of equal names are kept`;
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

/** The method in hub.json, "oidc https://id.example.edu"; undefined where there is none. */
const methodIn = (text?: string): string | undefined => {
  const settings = hubSettingsIn(text);
  // Before there were several methods, hub.json named none.
  return settings && methodName(settings.loginMethod ?? { kind: "shared-password" });
};

const methodName = (method: { kind: string; issuer?: string; url?: string }): string =>
  [method.kind, method.issuer ?? method.url ?? []].flat().join(" ");
