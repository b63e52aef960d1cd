import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CertificatePair, missingNames, pairFrom, writePair } from "./certificate-pair.js";
import { newCertificate } from "./openssl.js";

/**
 * The self-signed pair for these names: the one in the folder if it is good at that time, else a new one, which is stored there if
 * the disk allows. `reason`: why a new one was created. `memory`: a folder for temporary files.
 */
export const selfSigned = async (
  folder: string,
  memory: string,
  names: readonly string[],
  now: Date,
): Promise<{ pair: CertificatePair; reason: string | undefined }> => {
  const path = join(folder, "self-signed.pem");
  const stored = await readFile(path, "utf8").catch(() => undefined);
  const { pair, reason } = checked(stored, names, now);
  if (pair !== undefined) return { pair, reason: undefined };
  const { key, certificate } = await newCertificate(memory, names, validDays);
  const created = pairFrom(`${certificate}${key}`);
  // With a full disk it is served from memory, and the next start creates another.
  await writePair(path, created).catch(() => {});
  return { pair: created, reason };
};

const checked = (
  text: string | undefined,
  names: readonly string[],
  now: Date,
): { pair?: CertificatePair; reason?: string } => {
  if (text === undefined) return { reason: "there was none" };
  try {
    const pair = pairFrom(text);
    const reason = faultOf(pair, names, now);
    return reason === undefined ? { pair } : { reason };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
};

/** Why this pair must not be served for these names at that time. */
const faultOf = (
  pair: CertificatePair,
  names: readonly string[],
  now: Date,
): string | undefined => {
  const missing = missingNames(pair, names);
  if (missing.length > 0) return `the old one does not cover ${missing.join(" and ")}`;
  const { validFrom, validTo } = pair.leaf;
  // Created while the clock was wrong.
  if (new Date(validFrom).getTime() - now.getTime() > day)
    return `the old one is not valid before ${validFrom}`;
  if (new Date(validTo).getTime() - now.getTime() < minimumDays * day)
    return `the old one expires on ${validTo}`;
  return undefined;
};

/** Days: the longest that Apple's systems accept for a certificate which a person trusts by hand. */
const validDays = 825;
const minimumDays = 30;
const day = 24 * 60 * 60 * 1000;
