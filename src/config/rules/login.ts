import { sectionTellsGroups } from "../provider-groups.js";
import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding } from "../yaml/complaints.js";

/** Complaints between the keys of `login`: one method, and with a public one a rule on who may come in. */
export const loginFindings = (raw: unknown): Finding[] => {
  const login = valueAt(raw, ["login"]);
  if (!isMapping(login)) return [];
  const present = methods.filter((key) => (login[key] ?? undefined) !== undefined);
  const [method, ...others] = present;
  if (method === undefined) return [];
  return [
    // rules/roster.ts has that about passwords.
    ...others
      .filter((key) => key !== "passwords")
      .map((key) => ({
        path: ["login", key],
        text: `conflicts with "${method}": users log in in one way; delete one of the two`,
        atKey: true,
      })),
    ...openToEverybody(login, method),
    ...emptyLists(login, method),
    ...plainHttp(raw, method),
    ...unknownGroups(login, method),
  ];
};

/** The keys of `login` of which the file has one. */
const methods = [
  "shared-password",
  "passwords",
  "oidc",
  "github",
  "google",
  "globus",
  "cilogon",
  "cas",
  "ldap",
  "lti",
];

/** The keys of a method that are a rule on who may come in; an account there is open to everybody. */
const ownRules: Record<string, { key: string; example: string }> = {
  github: { key: "organizations", example: "organizations: [geo-101]" },
  google: { key: "domains", example: "domains: [example.edu]" },
  globus: { key: "domains", example: "domains: [example.edu]" },
  cilogon: {
    key: "identity-providers",
    example: "identity-providers: [https://idp.example.edu/shibboleth]",
  },
};

/** Issuers of OpenID Connect where everybody can have an account. */
const publicIssuers =
  /^https:\/\/((sandbox\.)?orcid\.org|accounts\.google\.com|gitlab\.com|auth\.globus\.org|cilogon\.org|appleid\.apple\.com|www\.facebook\.com|login\.yahoo\.com|www\.linkedin\.com|login\.microsoftonline\.com\/(common|consumers|organizations|9188040d-[\w-]+))(\/|$)/;

const openToEverybody = (login: Record<string, unknown>, method: string): Finding[] => {
  const own = ownRules[method];
  const options = login[method];
  const issuer = isMapping(options) ? options["issuer"] : undefined;
  const isPublic = own !== undefined || (typeof issuer === "string" && publicIssuers.test(issuer));
  if (!isPublic || !isMapping(options)) return [];
  const rules = [login["allow"], login["roster"], own && options[own.key], options["domains"]];
  if (rules.some((rule) => (rule ?? undefined) !== undefined)) return [];
  const rule = own === undefined ? "roster: ./students.csv beside it" : own.example;
  return [
    {
      path: ["login", method],
      text: `lets everybody in who has an account there; write who may come in, for example ${rule}, or allow: everyone in login`,
      atKey: true,
    },
  ];
};

/** An empty list would be no rule, which is not what somebody means who writes it. */
const emptyLists = (login: Record<string, unknown>, method: string): Finding[] => {
  const options = login[method];
  const lists: [string[], unknown][] = isMapping(options)
    ? ["organizations", "domains", "identity-providers"].map((key) => [[method, key], options[key]])
    : [];
  lists.push([["allow", "groups"], valueAt(login, ["allow", "groups"])]);
  return lists
    .filter(([, list]) => Array.isArray(list) && list.length === 0)
    .map(([path]) => ({
      path: ["login", ...path],
      text: "is an empty list; write who may come in into it or delete the line",
    }));
};

/** Without groups of the method or a roster, only the configuration has them. */
const unknownGroups = (login: Record<string, unknown>, method: string): Finding[] => {
  const allowed = valueAt(login, ["allow", "groups"]);
  const isOpen = (login["roster"] ?? undefined) !== undefined;
  if (!Array.isArray(allowed) || isOpen || sectionTellsGroups(method, login[method])) return [];
  const known = isMapping(login["groups"]) ? Object.keys(login["groups"]) : [];
  if (allowed.every((group) => known.includes(String(group)))) return [];
  const text = `needs a roster, as ${method} does not tell groups; write for example roster: {file: ./students.csv, group: Group} in login`;
  return [{ path: ["login", "allow", "groups"], text }];
};

/** The answer of a provider comes through the browser to an https:// address. */
const plainHttp = (raw: unknown, method: string): Finding[] => {
  const tls = valueAt(raw, ["tls"]);
  const isOff =
    tls === "off" || tls === false || (valueAt(raw, ["tls", "off"]) ?? undefined) !== undefined;
  const isProxied =
    valueAt(raw, ["tls", "off", "trusted-proxies", 0]) !== undefined &&
    (valueAt(raw, ["domain"]) ?? undefined) !== undefined;
  if (/password/.test(method) || !isOff || isProxied) return [];
  const text = `needs HTTPS for "${method}", as logins would be readable on their way; write for example tls: self-signed, or domain and off: {trusted-proxies: [10.0.0.5]}`;
  return [{ path: ["tls"], text }];
};
