import type * as z from "zod";
import type { Config } from "../types.js";
import { lineFrom } from "../values/names.js";
import { registryFrom } from "../values/image.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import type { Finding } from "../yaml/complaints.js";
import { adviceOf } from "../../errors.js";
import { isMapping, leaf, mapping, section, valueAt } from "./fields.js";

const registry = section(
  {
    user: leaf(lineFrom("a user name", "geo-robot", 200)),
    password: leaf(outsideSecretFrom("from-env NAME or from-file PATH", "from-env GHCR_TOKEN")),
  },
  "{user: geo-robot, password: from-env GHCR_TOKEN}",
);

/** `registries` of swarmhub.yaml: the login at each registry. */
export const registries = mapping(
  {
    what: "a mapping of registries",
    example: "{ghcr.io: {user: geo-robot, password: from-env GHCR_TOKEN}}",
  },
  registry,
);

/** `registries` with absolute paths: those of the file are relative to its folder. */
export const registriesOf = (
  settings: z.output<typeof registries>,
  folder: string,
): Config["registries"] =>
  Object.fromEntries(
    Object.entries(settings).map(([name, { user, password }]) => [
      registryFrom(name),
      { user, password: fromFolder(password, folder) },
    ]),
  );

/** Complaints about the names of registries, which are keys. */
export const registryFindings = (raw: unknown): Finding[] => {
  const given = valueAt(raw, ["registries"]);
  const seen = new Set<string>();
  return Object.keys(isMapping(given) ? given : {}).flatMap((name): Finding[] => {
    const path = ["registries", name];
    try {
      const known = registryFrom(name);
      const isRepeated = seen.has(known);
      seen.add(known);
      return isRepeated
        ? [{ path, text: `is ${known} again; delete one of the two`, atKey: true }]
        : [];
    } catch (error) {
      return [{ path, text: `is no registry: ${adviceOf(error)}`, atKey: true }];
    }
  });
};
