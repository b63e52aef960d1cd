import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding } from "../yaml/complaints.js";

/** Complaints between the keys of `login.ldap` and those of `login.lti`. */
export const campusFindings = (raw: unknown): Finding[] => [
  ...readerFindings(valueAt(raw, ["login", "ldap"])),
  ...platformFindings(valueAt(raw, ["login", "lti"])),
];

/** Without a password, a directory answers a login of the reader with "success" and lets it see nothing. */
const readerFindings = (ldap: unknown): Finding[] => {
  if (!isMapping(ldap) || has(ldap, "reader") === has(ldap, "password")) return [];
  const [present, missing, example] = has(ldap, "reader")
    ? ["reader", "password", "from-env LDAP_PASSWORD"]
    : ["password", "reader", "cn=reader,dc=example,dc=edu"];
  const text = `needs a ${missing}; write for example ${missing}: ${example} beside it`;
  return [{ path: ["login", "ldap", present], text, atKey: true }];
};

const platforms = ["moodle", "canvas", "issuer"];
const addresses = ["login-url", "keys-url"];

/** One platform. Of Moodle and Canvas the other addresses are known. */
const platformFindings = (lti: unknown): Finding[] => {
  if (!isMapping(lti)) return [];
  const path = ["login", "lti"];
  const [platform, ...others] = platforms.filter((key) => has(lti, key));
  const findings: Finding[] = others.map((key) => ({
    path: [...path, key],
    text: `conflicts with "${platform}": a class belongs to one platform; delete one of the two`,
    atKey: true,
  }));
  const given = addresses.filter((key) => has(lti, key));
  if (platform === undefined)
    findings.push({
      path,
      text: "needs a platform; write for example moodle: https://moodle.example.edu",
    });
  else if (platform !== "issuer")
    findings.push(
      ...given.map((key) => ({
        path: [...path, key],
        text: `is known for ${platform}; delete the line`,
        atKey: true,
      })),
    );
  else if (given.length < addresses.length)
    findings.push({
      path: [...path, "issuer"],
      text: "needs login-url and keys-url beside it, which the platform shows with its client ID",
      atKey: true,
    });
  const deployments = lti["deployments"];
  if (Array.isArray(deployments) && deployments.length === 0)
    findings.push({
      path: [...path, "deployments"],
      text: "is an empty list; write the deployment ID that the platform shows for the tool",
    });
  return findings;
};

const has = (mapping: Record<string, unknown>, key: string): boolean =>
  (mapping[key] ?? undefined) !== undefined;
