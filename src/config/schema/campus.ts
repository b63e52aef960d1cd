import { resolve } from "node:path";
import * as z from "zod";
import type { CampusMethod, LtiMethod } from "../campus.js";
import {
  attributeFrom,
  casAddressFrom,
  deploymentFrom,
  directoryAddressFrom,
  dnFrom,
  platformFrom,
} from "../values/campus.js";
import { lineFrom, pathFrom } from "../values/names.js";
import { clientFrom, providerAddressFrom } from "../values/provider.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import { leaf, list, mapping, section } from "./fields.js";

const common = {
  name: leaf(lineFrom("the name of your university", "Example University", 60)).exactOptional(),
  ca: leaf(pathFrom("a file with the root certificate of the server", "./ca.pem")).exactOptional(),
};

const cas = section(
  {
    url: leaf(casAddressFrom),
    groups: leaf(
      attributeFrom("the name of the attribute with the groups", "memberOf"),
    ).exactOptional(),
    ...common,
  },
  "{url: https://login.example.edu/cas}",
);

const ldap = section(
  {
    url: leaf(directoryAddressFrom),
    base: leaf(dnFrom("the DN below which the people are", "ou=people,dc=example,dc=edu")),
    attribute: leaf(attributeFrom("the attribute with the user name", "uid")).default("uid"),
    reader: leaf(dnFrom("the DN that may search", "cn=reader,dc=example,dc=edu")).exactOptional(),
    password: leaf(
      outsideSecretFrom("from-env NAME or from-file PATH", "from-env LDAP_PASSWORD"),
    ).exactOptional(),
    groups: mapping(
      {
        what: "a mapping of groups to DNs",
        example: '{geo-101: "cn=geo-101,ou=groups,dc=example,dc=edu"}',
      },
      leaf(dnFrom("the DN of a group", "cn=geo-101,ou=groups,dc=example,dc=edu")),
    ).default({}),
    ...common,
  },
  "{url: ldaps://ldap.example.edu, base: ou=people,dc=example,dc=edu}",
);

// YAML reads 4 as a number.
const deployment = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  leaf(deploymentFrom),
);

const lti = section(
  {
    // One of the three, see rules/campus.ts.
    moodle: leaf(platformFrom).exactOptional(),
    canvas: leaf(platformFrom).exactOptional(),
    issuer: leaf(
      providerAddressFrom("the issuer of a learning platform", "https://lms.example.edu"),
    ).exactOptional(),
    "login-url": leaf(
      providerAddressFrom("the login address of the platform", "https://lms.example.edu/auth"),
    ).exactOptional(),
    "keys-url": leaf(
      providerAddressFrom("the address of the platform's keys", "https://lms.example.edu/keys"),
    ).exactOptional(),
    client: leaf(clientFrom),
    deployments: list({ what: "a list of deployment IDs", example: '["4"]' }, deployment),
    ...common,
  },
  '{moodle: https://moodle.example.edu, client: a1B2c3, deployments: ["4"]}',
);

/** The methods of `login` at the server of a university; rules/campus.ts has the keys that exclude or need each other. */
export const campus = {
  cas: cas.exactOptional(),
  ldap: ldap.exactOptional(),
  lti: lti.exactOptional(),
};

type Campus = Partial<{ [Kind in keyof typeof campus]: z.output<(typeof campus)[Kind]> }>;

/** The method that the file has; undefined where it has none of these. Relative paths start at the folder of swarmhub.yaml. */
export const campusOf = (login: Campus, folder: string): CampusMethod | undefined => {
  if (login.cas !== undefined) {
    const { url, groups } = login.cas;
    return {
      kind: "cas",
      url,
      ...(groups !== undefined && { groups }),
      ...commonOf(login.cas, url, folder),
    };
  }
  if (login.ldap !== undefined) {
    const { url, base, attribute, reader, password, groups } = login.ldap;
    return {
      kind: "ldap",
      url,
      base,
      attribute,
      ...(reader !== undefined && { reader }),
      ...(password !== undefined && { password: fromFolder(password, folder) }),
      groups,
      ...commonOf(login.ldap, url, folder),
    };
  }
  if (login.lti === undefined) return undefined;
  const { client, deployments } = login.lti;
  const { shownAt, ...platform } = platformOf(login.lti);
  return { kind: "lti", client, deployments, ...platform, ...commonOf(login.lti, shownAt, folder) };
};

const commonOf = (
  { name, ca }: { name?: string; ca?: string },
  url: string,
  folder: string,
): { service: string; ca?: string } => ({
  service: name ?? new URL(url).hostname,
  ...(ca !== undefined && { ca: resolve(folder, ca) }),
});

type Platform = Pick<LtiMethod, "issuer" | "authorize" | "keys"> & { shownAt: string };

// Moodle: mod/lti/auth.php and certs.php. Canvas has one issuer for all its sites: https://canvas.instructure.com/doc/api/file.lti_dev_key_config.html
const platformOf = (form: NonNullable<Campus["lti"]>): Platform => {
  const { moodle, canvas, issuer = "", "login-url": authorize = "", "keys-url": keys = "" } = form;
  if (moodle !== undefined)
    return {
      issuer: moodle,
      authorize: `${moodle}/mod/lti/auth.php`,
      keys: `${moodle}/mod/lti/certs.php`,
      shownAt: moodle,
    };
  if (canvas !== undefined)
    return {
      issuer: "https://canvas.instructure.com",
      authorize: "https://sso.canvaslms.com/api/lti/authorize_redirect",
      keys: "https://sso.canvaslms.com/api/lti/security/jwks",
      shownAt: canvas,
    };
  return { issuer, authorize, keys, shownAt: issuer };
};
