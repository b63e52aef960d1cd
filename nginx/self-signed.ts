import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Pair, missingNames, pairFrom, writePair } from "./certificate-pair.js";
import { newCertificate } from "./openssl.js";

/**
 * The self-signed pair of these names: the one in the folder if it fits at that time, else a new one, which is kept there if the
 * disk lets it. `why`: what was wrong with the former, where one was made. `memory`: a folder for the work.
 */
export const selfSigned = async (
  folder: string,
  memory: string,
  names: readonly string[],
  now: Date,
): Promise<{ pair: Pair; why: string | undefined }> => {
  const path = join(folder, "self-signed.pem");
  const there = await readFile(path, "utf8").catch(() => undefined);
  const { pair, why } = judged(there, names, now);
  if (pair !== undefined) return { pair, why: undefined };
  const { key, made } = await newCertificate(memory, names, validDays);
  const fresh = pairFrom(`${made}${key}`);
  // A disk that is full: it serves from memory, and the next start makes another.
  await writePair(path, fresh).catch(() => {});
  return { pair: fresh, why };
};

const judged = (
  text: string | undefined,
  names: readonly string[],
  now: Date,
): { pair?: Pair; why?: string } => {
  if (text === undefined) return { why: "there was none" };
  try {
    const pair = pairFrom(text);
    const why = faultOf(pair, names, now);
    return why === undefined ? { pair } : { why };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
};

/** Why this pair should not be served under these names at that time. */
const faultOf = (pair: Pair, names: readonly string[], now: Date): string | undefined => {
  const missing = missingNames(pair, names);
  if (missing.length > 0) return `it was not for ${missing.join(" and ")}`;
  const { validFrom, validTo } = pair.leaf;
  // Made while the clock was wrong.
  if (new Date(validFrom).getTime() - now.getTime() > day) return `it begins on ${validFrom}`;
  if (new Date(validTo).getTime() - now.getTime() < leastDays * day) return `it ends on ${validTo}`;
  return undefined;
};

/** The days that Apple's systems allow a certificate which a person trusts by hand. */
const validDays = 825;
const leastDays = 30;
const day = 24 * 60 * 60 * 1000;
