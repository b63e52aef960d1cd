import { execFile } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { access, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** Sees to it that live.crt and live.key in the folder fit each other and these names; makes a self-signed pair where they do not. */
export const ensureCertificate = async (
  folder: string,
  names: readonly string[],
  now: Date,
): Promise<{ made: boolean; why: string }> => {
  const why = await readFile(join(folder, "live.crt"), "utf8")
    .then(async (certificate) =>
      faultOf(certificate, await readFile(join(folder, "live.key"), "utf8"), names, now),
    )
    .catch((error: unknown) => (isMissing(error) ? "there was none" : String(error)));
  if (why === undefined) return { made: false, why: "" };
  await makeSelfSigned(folder, names);
  return { made: true, why };
};

/** Why this pair cannot be served under these names at that time; undefined if it can. */
const faultOf = (
  certificate: string,
  key: string,
  names: readonly string[],
  now: Date,
): string | undefined => {
  let read: X509Certificate;
  try {
    read = new X509Certificate(certificate);
    if (!read.checkPrivateKey(createPrivateKey(key))) return "the key belongs to another one";
  } catch (error) {
    return `it could not be read (${error instanceof Error ? error.message : String(error)})`;
  }
  const missing = names.filter((name) => !covers(read, name));
  if (missing.length > 0) return `it was not for ${missing.join(" and ")}`;
  // Made while the clock was wrong.
  if (new Date(read.validFrom).getTime() - now.getTime() > day)
    return `it begins on ${read.validFrom}`;
  const left = new Date(read.validTo).getTime() - now.getTime();
  if (left < leastDays * day) return `it ends on ${read.validTo}`;
  return undefined;
};

/** The days that Apple's systems allow a certificate which a person trusts by hand. */
const validDays = 825;
const leastDays = 30;
const day = 24 * 60 * 60 * 1000;

const covers = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

const makeSelfSigned = async (folder: string, names: readonly string[]): Promise<void> => {
  const beside = await mkdtemp(join(folder, ".new-"));
  try {
    const configuration = join(beside, "openssl.cnf");
    const [certificate, key] = [join(beside, "live.crt"), join(beside, "live.key")];
    await writeFile(configuration, opensslConfiguration(names));
    // The key is made by openssl with mode 0600, in a folder that is 0700.
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    const files = ["-config", configuration, "-keyout", key, "-out", certificate];
    await run("openssl", ["req", "-x509", ...kind, "-days", String(validDays), ...files]);
    await keepFormer(folder);
    await rename(key, join(folder, "live.key"));
    await rename(certificate, join(folder, "live.crt"));
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
};

const run = promisify(execFile);

const opensslConfiguration = (names: readonly string[]): string =>
  [
    "[req]",
    "prompt = no",
    "distinguished_name = subject",
    "x509_extensions = extensions",
    "[subject]",
    "O = swarmhub",
    // A common name has room for 64 characters; browsers read the other names only.
    `CN = ${(names[0] ?? "swarmhub").slice(0, 64)}`,
    "[extensions]",
    "basicConstraints = critical,CA:FALSE",
    "keyUsage = critical,digitalSignature",
    "extendedKeyUsage = serverAuth",
    `subjectAltName = ${names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",")}`,
    "",
  ].join("\n");

/** Someone may have put a pair of their own here: what is replaced is kept as former.*. */
const keepFormer = async (folder: string): Promise<void> => {
  for (const end of ["crt", "key"]) {
    const live = join(folder, `live.${end}`);
    const there = await access(live).then(
      () => true,
      () => false,
    );
    if (there) await rename(live, join(folder, `former.${end}`));
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
