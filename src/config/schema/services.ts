import type * as z from "zod";
import { type OutsideService, hubServices, programMay } from "../outside-service.js";
import { reader } from "../values/reader.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import type { Finding } from "../yaml/complaints.js";
import { isMapping, leaf, list, section, valueAt } from "./fields.js";

const example = "{name: gateway, token: from-env GW_TOKEN, group: gw, may: [start, stop, users]}";

const nameFrom = (what: string, sample: string) =>
  reader({ what, example: sample }, (text, reject): string => {
    if (!/^[a-z][a-z0-9-]{0,39}$/.test(text))
      throw reject("1 to 40 of a-z, 0-9 and hyphens, with a letter first");
    return text;
  });

const serviceName = nameFrom("the name of a program", "gateway");

const mayFrom = reader({ what: "start, stop or users" }, (text, reject) => {
  const word = programMay.find((each) => each === text);
  if (word === undefined) throw reject();
  return word;
});

/** `login.services`: programs of others that have a token of the hub. */
export const services = list(
  { what: "a list of programs", example: `[${example}]` },
  section(
    {
      name: leaf(serviceName),
      token: leaf(outsideSecretFrom("from-env NAME or from-file PATH", "from-env GW_TOKEN")),
      group: leaf(nameFrom("the name of a group", "gw")).exactOptional(),
      may: list({ what: "a list of start, stop and users", example: "[start]" }, leaf(mayFrom)),
    },
    example,
  ),
);

/** `login.services` with absolute paths: those of the file are relative to its folder. */
export const servicesOf = (settings: z.output<typeof services>, folder: string): OutsideService[] =>
  settings.map(({ token, ...service }) => ({ ...service, token: fromFolder(token, folder) }));

/** Complaints about names that two programs have or the hub needs, and about programs that may do nothing. */
export const serviceFindings = (raw: unknown): Finding[] => {
  const all = valueAt(raw, ["login", "services"]);
  const seen = new Set<unknown>();
  return (Array.isArray(all) ? (all as unknown[]) : []).flatMap((service, index): Finding[] => {
    if (!isMapping(service)) return [];
    const path = ["login", "services", index];
    const name = service["name"];
    const found: Finding[] = [];
    if (typeof name === "string" && hubServices.includes(name)) {
      const text = `is "${name}", a name that the hub needs for a part of its own; write another one`;
      found.push({ path: [...path, "name"], text });
    } else if (typeof name === "string" && seen.has(name)) {
      const text = `is "${name}", the name of an earlier program; write another one or delete the entry`;
      found.push({ path: [...path, "name"], text });
    }
    seen.add(name);
    const may = service["may"];
    if (Array.isArray(may) && may.length === 0) {
      const text = "is an empty list; write what the program may do into it or delete the entry";
      found.push({ path: [...path, "may"], text });
    }
    return found;
  });
};

/** The paths of the lists of words. */
export const mayPaths = (raw: unknown): (string | number)[][] => {
  const all = valueAt(raw, ["login", "services"]);
  return (Array.isArray(all) ? all : []).map((_, index) => ["login", "services", index, "may"]);
};
