import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import { type Pair, missingNames, pairFrom, writePair } from "../certificate-pair.js";

// One file for each authority and set of names. So names that change and change back, or a try at a staging authority,
// cost no further certificate; and a restored backup is found.

/** The pair that the authority of these settings gave for these names; undefined if there is none, throws if it cannot be read. */
export const issuedFor = async (settings: EdgeSettings): Promise<Pair | undefined> => {
  const path = pathFor(settings);
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : pairFrom(text);
};

/** Keeps a pair for these settings. */
export const keepIssued = async (settings: EdgeSettings, pair: Pair): Promise<void> => {
  const path = pathFor(settings);
  if (path !== undefined) await writePair(path, pair);
};

/** The pair of any authority that is for most of these names, the first at least, and ends last; none that has ended. */
export const nearestIssued = async (
  folder: string,
  names: readonly string[],
  now: Date,
): Promise<Pair | undefined> => {
  const files = await readdir(join(folder, "acme/issued")).catch(() => []);
  const pairs = await Promise.all(
    files
      .filter((name) => name.endsWith(".pem"))
      .map((name) =>
        readFile(join(folder, "acme/issued", name), "utf8")
          .then(pairFrom)
          .catch(() => undefined),
      ),
  );
  const missing = (pair: Pair) => missingNames(pair, names).length;
  return pairs
    .filter((pair) => pair !== undefined)
    .filter((pair) => missingNames(pair, names.slice(0, 1)).length === 0 && ends(pair) > +now)
    .toSorted((one, other) => missing(one) - missing(other) || ends(other) - ends(one))[0];
};

const ends = ({ leaf }: Pair): number => new Date(leaf.validTo).getTime();

const pathFor = (settings: EdgeSettings): string | undefined => {
  if (settings.tls.kind !== "acme") return undefined;
  const made = JSON.stringify([settings.tls.directory, namesOf(settings).toSorted()]);
  const name = createHash("sha256").update(made).digest("hex").slice(0, 16);
  return join(settings.folders.certificates, "acme/issued", `${name}.pem`);
};
