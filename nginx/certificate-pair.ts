import { X509Certificate, createPrivateKey } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { dirname } from "node:path";

/** A certificate, those that vouch for it, and its key. */
export type Pair = {
  /** All of it in one text, the server's certificate first, the key last: so that one rename swaps both. */
  pem: string;
  leaf: X509Certificate;
  /** The directory of the authority that gave it, where we asked for it. */
  directory?: string;
};

/** Reads a pair out of a text; throws an Error that says what is wrong with it. */
export const pairFrom = (text: string): Pair => {
  const chain = (text.match(block("CERTIFICATE")) ?? []).map((pem) => ({ pem, read: read(pem) }));
  const [leaf, ...others] = chain;
  const [key] = text.match(block("(?:[A-Z]+ )?PRIVATE KEY")) ?? [];
  if (leaf === undefined) throw new Error("there is no certificate in it");
  if (key === undefined) throw new Error("there is no key in it");
  if (/ENCRYPTED/.test(key)) throw new Error("its key asks for a passphrase");
  const isOfKey = fits(key);
  if (!isOfKey(leaf.read)) {
    throw new Error(
      others.some(({ read: other }) => isOfKey(other))
        ? "its chain is in the wrong order: the server's own certificate comes first"
        : "the key belongs to another certificate",
    );
  }
  for (const [index, { read: upper }] of others.entries())
    if (chain[index]?.read.checkIssued(upper) !== true)
      throw new Error(
        `its chain is in the wrong order: certificate ${index + 2} of ${chain.length} did not issue the one before it`,
      );
  const pem = `${[...chain.map((each) => each.pem), key].join("\n")}\n`;
  const directory = /^# given by (\S+)$/m.exec(text)?.[1];
  return { pem, leaf: leaf.read, ...(directory === undefined ? {} : { directory }) };
};

/** Those of the names that the certificate is not for. */
export const missingNames = ({ leaf }: Pair, names: readonly string[]): string[] =>
  names.filter(
    (name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) === undefined,
  );

/** Puts it into one file that only root reads, whole or not at all; throws the file system's error. */
export const writePair = async (path: string, { pem, directory }: Pair): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.new`;
  try {
    await rm(beside, { force: true });
    const head = directory === undefined ? "" : `# given by ${directory}\n`;
    await writeFile(beside, head + pem, { mode: 0o600, flush: true });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
};

const block = (label: string): RegExp =>
  new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, "g");

const read = (pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Error(`it could not be read (${reason(error)})`, { cause: error });
  }
};

const fits = (key: string): ((certificate: X509Certificate) => boolean) => {
  try {
    const readKey = createPrivateKey(key);
    return (certificate) => certificate.checkPrivateKey(readKey);
  } catch (error) {
    throw new Error(`its key could not be read (${reason(error)})`, { cause: error });
  }
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
