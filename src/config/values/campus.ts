import { providerAddressFrom } from "./provider.js";
import { type Reader, reader } from "./reader.js";

/** An address without a slash at its end; `last` is what people copy with it by mistake. */
const addressWithout = (what: string, example: string, last: string): Reader<string> => {
  const address = providerAddressFrom(what, example);
  return reader({ what, example }, (text, reject): string => {
    const url = address(text).replace(/\/+$/, "");
    if (url.endsWith(`/${last}`)) throw reject(`without /${last}, which is a page of it`);
    return url;
  });
};

/** The address of a CAS server, without a slash at its end. */
export const casAddressFrom: Reader<string> = addressWithout(
  "the address of a CAS server",
  "https://login.example.edu/cas",
  "login",
);

/** The address of a learning platform, without a slash at its end. */
export const platformFrom: Reader<string> = addressWithout(
  "the address of a learning platform",
  "https://moodle.example.edu",
  "my",
);

/** The address of an LDAP directory. */
export const directoryAddressFrom = reader(
  { what: "the address of an LDAP directory", example: "ldaps://ldap.example.edu" },
  (text, reject): string => {
    const [, host = "", port = ""] =
      /^ldaps?:\/\/([\w.-]+|\[[\da-f:]+\])(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
    if (host === "") throw reject("ldaps:// or ldap://, a host, and nothing behind it");
    if (port !== "" && (Number(port) < 1 || Number(port) > 65_535)) throw reject("not a port");
    return text.replace(/\/$/, "");
  },
);

/** The distinguished name of an entry in a directory. */
export const dnFrom = (what: string, example: string): Reader<string> =>
  reader({ what, example }, (text, reject): string => {
    if (!/^[A-Za-z][\w.-]*\s*=[^\p{Cc}]{1,500}$/u.test(text)) throw reject();
    return text;
  });

/** The name of an attribute of LDAP or CAS. */
export const attributeFrom = (what: string, example: string): Reader<string> =>
  reader({ what, example }, (text, reject): string => {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(text)) throw reject("letters, digits, - and _");
    return text;
  });

/** An id that a learning platform gave to the tool, such as "4" or "123:8865aa05b4b79b64". */
export const deploymentFrom = reader(
  { what: "a deployment ID of the learning platform", example: '"4"' },
  (text, reject): string => {
    if (!/^[\x21-\x7e]{1,255}$/.test(text)) throw reject("1 to 255 characters without spaces");
    return text;
  },
);
