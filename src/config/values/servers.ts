import type { SecretSource } from "../types.js";
import { reader } from "./reader.js";
import { outsideSecretFrom } from "./secret-source.js";

const maximumLength = 10_000;

const secretFrom = outsideSecretFrom("from-env NAME or from-file PATH", "from-env API_KEY");

/** A variable of users' servers: a text, or the source of a secret one. */
export const variableFrom = reader(
  { what: "a text, from-env NAME or from-file PATH", example: "from-env API_KEY", hidden: true },
  (text, reject): string | SecretSource => {
    if (/^from-(env|file)\s/.test(text)) return secretFrom(text);
    if (/\p{Cc}/u.test(text)) throw reject("one line without control characters");
    if (text.length > maximumLength) throw reject(`at most ${maximumLength} characters`);
    return text;
  },
);

/** The first page of a server as an absolute path, which may be given without its slash. */
export const startFrom = reader(
  { what: "a page of the server", example: "/lab or lab/tree/intro.ipynb" },
  (text, reject): string => {
    if (/^[a-z]+:|^\/\//i.test(text)) throw reject("a path, without https:// and host");
    if (/[\p{Cc}\\<>"]/u.test(text) || text.length > 500 || text.replaceAll("/", "") === "")
      throw reject("a path of at most 500 characters");
    if (text.split(/[/?#]/).includes("..")) throw reject("without ..");
    return encodeURI(text.startsWith("/") ? text : `/${text}`).replaceAll("%25", "%");
  },
);

/** A time zone by its name in the IANA database. */
export const timeZoneFrom = reader(
  { what: "a time zone", example: "Europe/Berlin" },
  (text, reject): string => {
    // Intl also takes offsets ("+01:00"), which TZ reads with the opposite sign.
    if (!/^[A-Za-z][\w+/-]{0,60}$/.test(text)) throw reject("Area/City");
    if (!isZone(text)) throw reject("there is no time zone of this name");
    return text;
  },
);

const isZone = (timeZone: string): boolean => {
  try {
    return Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
};

/** A language and a country as JupyterLab's language packs name them. */
export const languageFrom = reader(
  { what: "a language and a country", example: "de_DE" },
  (text, reject): string => {
    if (!/^[a-z]{2,3}_[A-Z]{2}$/.test(text)) throw reject();
    return text;
  },
);
