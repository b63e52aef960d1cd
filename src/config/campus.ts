import type { SecretSource } from "./secret-source.js";

/** How users log in at the server of their university: CAS, LDAP, or a link in a course of its learning platform (LTI). */
export type CampusMethod = CasMethod | LdapMethod | LtiMethod;

/** What the three have in common: a name in sentences for users, and a file with the root certificate of the server. */
type Campus = { service: string; ca?: string };

/** A CAS server: its address without a slash at the end, and the attribute with a user's groups. */
export type CasMethod = Campus & { kind: "cas"; url: string; groups?: string };

/** An LDAP directory. */
export type LdapMethod = Campus & {
  kind: "ldap";
  /** "ldaps://ldap.example.edu", or with ldap:// StartTLS. */
  url: string;
  /** The DN below which the people are, and the attribute with the user name. */
  base: string;
  attribute: string;
  /** The DN that may search; without it the search is anonymous. */
  reader?: string;
  password?: SecretSource;
  /** DNs by the name of the group in this class. */
  groups: Record<string, string>;
};

/** A learning platform where the class is registered as a tool. */
export type LtiMethod = Campus & {
  kind: "lti";
  issuer: string;
  client: string;
  deployments: string[];
  /** Where the platform signs launches, and where its keys are. */
  authorize: string;
  keys: string;
};

/** Whether a method is one of these. */
export const isCampus = (method: { kind: string }): method is CampusMethod =>
  /^(cas|ldap|lti)$/.test(method.kind);

/** What the people who run the server have to be told about the class at `url`: "https://geo.example.org". */
export const registrationOf = (method: CampusMethod, url: string): string[] => {
  const { service } = method;
  if (method.kind === "cas") return [`register this service at ${service}: ${url}/hub/cas`];
  if (method.kind === "ldap") return [];
  return [
    `register this tool at ${service}: ${url}/hub`,
    `  initiate login: ${url}/hub/lti13/oauth_login`,
    `  redirect URI:   ${url}/hub/lti13/oauth_callback`,
  ];
};

/** How users get in. */
export const entranceOf = ({ kind, service }: CampusMethod, url: string): string => {
  if (kind === "lti") return `open the class from a course in ${service}, in a new window`;
  return `open ${url}, and log in with an account at ${service}`;
};
