import { shown } from "../../errors.js";
import { sectionTellsGroups } from "../provider-groups.js";
import { isMapping, valueAt } from "../schema/fields.js";
import { expectation } from "../values/reader.js";
import type { Finding, Path } from "../yaml/complaints.js";

/** Complaints about the groups of `login`, and the quotas and images that they or `storage` give them. */
export const groupFindings = (raw: unknown): Finding[] => {
  const groups = mappingAt(raw, ["login", "groups"]);
  const quotas = mappingAt(raw, ["storage", "quota"]).filter(([name]) => name !== "default");
  const groupNames = groups.map(([name]) => name);
  // The groups of a roster are known when it is read (src/roster/people.ts), those of a provider when its users log in.
  const isOpen = (valueAt(raw, ["login", "roster"]) ?? undefined) !== undefined || hasClaims(raw);
  const missing = quotas.filter(([name]) => !isOpen && !groupNames.includes(name));
  const own = groups.flatMap(([name, group]): [string, unknown][] =>
    isMapping(group) && group["quota"] !== undefined ? [[name, group["quota"]]] : [],
  );
  const twice = own.filter(([name]) => quotas.some(([other]) => other === name));
  return [
    ...groups.flatMap(([name]) => invalidName(name)),
    ...missing.map(([name]) => ({
      path: ["storage", "quota", name],
      text: `is for a group that "login.groups" does not have; write login: {groups: {${isName(name) ? name : "staff"}: [ada]}} or delete the line`,
      atKey: true,
    })),
    ...twice.map(([name]) => ({
      path: ["login", "groups", name, "quota"],
      text: `conflicts with "storage.quota.${name}": a group has one quota; delete one of the two`,
    })),
    ...quotasWithoutHomes(raw, own),
    ...claimsOfNobody(raw, groups),
    ...groups.flatMap(([name, group]) => unknownImages(raw, name, group)),
    ...imagesForNobody(raw, groups),
  ];
};

/** The paths of the lists of users. */
export const groupPaths = (raw: unknown): Path[] =>
  mappingAt(raw, ["login", "groups"]).map(([name, group]) => membersPath(name, group));

/** A group is a list of its members, or a mapping. */
const membersPath = (name: string, group: unknown): Path => [
  "login",
  "groups",
  name,
  ...(isMapping(group) ? ["members"] : []),
];

const quotasWithoutHomes = (raw: unknown, own: readonly [string, unknown][]): Finding[] =>
  valueAt(raw, ["storage"]) === "temporary"
    ? own.map(([name]) => ({
        path: ["login", "groups", name, "quota"],
        text: "needs persistent homes, but storage is temporary; delete the quota",
      }))
    : [];

const unknownImages = (raw: unknown, name: string, group: unknown): Finding[] => {
  const names = imageNames(raw);
  const images = valueAt(group, ["images"]);
  return (Array.isArray(images) ? images : []).flatMap((image: unknown, index) =>
    typeof image !== "string" || names.includes(image)
      ? []
      : [
          {
            path: ["login", "groups", name, "images", index],
            text: `is ${shown(image)}, but "servers.images" has no image with this name; ${names.length === 0 ? "write servers: {images: [{name: R, image: …}]}" : `its names are ${names.map(shown).join(", ")}`}`,
          },
        ],
  );
};

/** An image that a group names is only for its members, so others need one that no group names. */
const imagesForNobody = (raw: unknown, groups: readonly [string, unknown][]): Finding[] => {
  const names = imageNames(raw);
  const reserved = groups.flatMap(([, group]) => {
    const images = valueAt(group, ["images"]);
    return Array.isArray(images) ? (images as unknown[]) : [];
  });
  if (names.length === 0 || names.some((name) => !reserved.includes(name))) return [];
  const text = `has only images that groups name, so users of no group have none; take one of them out of "login.groups"`;
  return [{ path: ["servers", "images"], text }];
};

const imageNames = (raw: unknown): string[] => {
  const images = valueAt(raw, ["servers", "images"]);
  return (Array.isArray(images) ? images : []).flatMap((image: unknown) => {
    const name = valueAt(image, ["name"]);
    return typeof name === "string" ? [name] : [];
  });
};

const mappingAt = (raw: unknown, path: Path): [string, unknown][] => {
  const value = valueAt(raw, path);
  return isMapping(value) ? Object.entries(value) : [];
};

const isName = (text: string): boolean => /^(?!default$)[a-z][a-z0-9-]{0,39}$/.test(text);

const invalidName = (name: string): Finding[] => {
  if (isName(name)) return [];
  const why =
    name === "default"
      ? "in storage.quota it means everyone"
      : "1 to 40 of a-z, 0-9 and hyphens, with a letter first";
  const text = `is not a group name: ${expectation({ what: "a name", example: "staff" })} (${why})`;
  return [{ path: ["login", "groups", name], text, atKey: true }];
};

/** Whether the method of login tells groups. */
export const hasClaims = (raw: unknown): boolean =>
  mappingAt(raw, ["login"]).some(
    ([key, options]) => methodsWithGroups.includes(key) && sectionTellsGroups(key, options),
  );

const methodsWithGroups = ["oidc", "github", "cilogon", "cas", "ldap", "lti"];

const claimsOfNobody = (raw: unknown, groups: readonly [string, unknown][]): Finding[] =>
  hasClaims(raw)
    ? []
    : groups
        .filter(([, group]) => isMapping(group) && (group["claims"] ?? undefined) !== undefined)
        .map(([name]) => ({
          path: ["login", "groups", name, "claims"],
          text: `needs a method of login that tells groups: lti, or groups in ${methodsWithGroups.slice(0, -1).join(", ")}; write it or delete the line`,
          atKey: true,
        }));
