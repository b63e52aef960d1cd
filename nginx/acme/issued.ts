import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import { type CertificatePair, missingNames, pairFrom, writePair } from "../certificate-pair.js";

// One file for each authority and set of names. So names that change and change back, or a test with a staging authority, cost no
// further certificate; and a restored backup is found.

/** The pair that the authority of these settings issued for these names; undefined if there is none, throws if it cannot be read. */
export const issuedFor = async (settings: EdgeSettings): Promise<CertificatePair | undefined> => {
  const path = pathFor(settings);
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : pairFrom(text);
};

/** Stores a pair for these settings. */
export const storeIssued = async (settings: EdgeSettings, pair: CertificatePair): Promise<void> => {
  const path = pathFor(settings);
  if (path !== undefined) await writePair(path, pair);
};

/** Of the unexpired pairs of any authority that cover at least the first name: the one with most of the names, then the longest valid. */
export const nearestIssued = async (
  folder: string,
  names: readonly string[],
  now: Date,
): Promise<CertificatePair | undefined> => {
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
  const missing = (pair: CertificatePair) => missingNames(pair, names).length;
  return pairs
    .filter((pair) => pair !== undefined)
    .filter((pair) => missingNames(pair, names.slice(0, 1)).length === 0 && endOf(pair) > +now)
    .toSorted((one, other) => missing(one) - missing(other) || endOf(other) - endOf(one))[0];
};

const endOf = ({ leaf }: CertificatePair): number => new Date(leaf.validTo).getTime();

const pathFor = (settings: EdgeSettings): string | undefined => {
  if (settings.tls.kind !== "acme") return undefined;
  const identity = JSON.stringify([settings.tls.directory, namesOf(settings).toSorted()]);
  const name = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return join(settings.folders.certificates, "acme/issued", `${name}.pem`);
};
