import { type Reader, reader } from "./reader.js";

/** The address of a provider's issuer or server, without a slash at its end where the text has none. */
export const providerAddressFrom = (what: string, example: string): Reader<string> =>
  reader({ what, example }, (text, reject): string => {
    if (!text.startsWith("https://")) throw reject("passwords and tokens need https://");
    if (!URL.canParse(text) || text.length > 500) throw reject("not a valid address");
    const { username, password, search, hash } = new URL(text);
    if (username !== "" || password !== "") throw reject("without user name and password");
    if (search !== "" || hash !== "" || /[?#]$/.test(text)) throw reject("without ? and #");
    if (text.endsWith("/.well-known/openid-configuration"))
      throw reject("without /.well-known/openid-configuration, which is added to it");
    if (!/^https:\/\/[\w.:[\]-]+(\/[\w./~%:@+,=-]*)?$/.test(text))
      throw reject("not a valid address");
    return text;
  });

/** The id under which the class is registered at a provider. */
export const clientFrom = reader(
  { what: "the client ID that the provider gave to the class", example: "Iv1.8a61f9b3a7aba766" },
  (text, reject): string => {
    if (!/^[\x21-\x7e]{1,300}$/.test(text)) throw reject("1 to 300 characters without spaces");
    return text;
  },
);

/** The name of a claim: what a provider says about a user. */
export const claimFrom = (example: string): Reader<string> =>
  reader({ what: "the name of a claim", example }, (text, reject): string => {
    if (!/^[\w.:/-]{1,200}$/.test(text)) throw reject("letters, digits and . _ : / -");
    return text;
  });

/** A GitHub organization, or a team in it. */
export const organizationFrom = reader(
  { what: "an organization, or a team of one", example: 'geo-101 or "uni:geo-101"' },
  (text, reject): string => {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,38}(:[\w.-]{1,100})?$/.test(text))
      throw reject("as in its address on GitHub");
    return text;
  },
);

/** What GitHub's groups are: teams. */
export const teamsFrom = reader({ what: "teams" }, (text, reject): string => {
  if (text !== "teams") throw reject("GitHub has no other groups");
  return text;
});

/** The entity ID of an identity provider of CILogon. */
export const entityIdFrom = reader(
  {
    what: "an entity ID of https://cilogon.org/idplist",
    example: "https://idp.example.edu/shibboleth",
  },
  (text, reject): string => {
    if (!/^(https?:\/\/|urn:)[\x21-\x2b\x2d-\x7e]{1,300}$/.test(text)) throw reject();
    return text;
  },
);
