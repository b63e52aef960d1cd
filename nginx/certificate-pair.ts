import { X509Certificate, createPrivateKey } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { dirname } from "node:path";

/** A certificate, its chain and its private key. */
export type CertificatePair = {
  /** All of it in one text, the server's certificate first, the key last: so one rename replaces both. */
  pem: string;
  leaf: X509Certificate;
  /** The URL of the issuer's ACME directory, where the certificate was requested from one. */
  directory?: string;
};

/** Reads a pair from a PEM text; throws an Error that says what is wrong with it. */
export const pairFrom = (text: string): CertificatePair => {
  const chain = (text.match(block("CERTIFICATE")) ?? []).map((pem) => ({
    pem,
    certificate: parse(pem),
  }));
  const [leaf, ...issuers] = chain;
  const [key] = text.match(block("(?:[A-Z]+ )?PRIVATE KEY")) ?? [];
  if (leaf === undefined) throw new Error("there is no certificate in the file");
  if (key === undefined) throw new Error("there is no private key in the file");
  if (/ENCRYPTED/.test(key)) throw new Error("the private key has a passphrase");
  const isOfKey = matcherFor(key);
  if (!isOfKey(leaf.certificate)) {
    throw new Error(
      issuers.some(({ certificate }) => isOfKey(certificate))
        ? "the chain is in the wrong order: the server's own certificate must come first"
        : "the private key belongs to another certificate",
    );
  }
  for (const [index, { certificate }] of issuers.entries())
    if (chain[index]?.certificate.checkIssued(certificate) !== true)
      throw new Error(
        `the chain is in the wrong order: certificate ${index + 2} of ${chain.length} did not issue the one before it`,
      );
  const pem = `${[...chain.map((each) => each.pem), key].join("\n")}\n`;
  const directory = directoryLine.exec(text)?.[1];
  return { pem, leaf: leaf.certificate, ...(directory === undefined ? {} : { directory }) };
};

/** Those of the names and addresses that the certificate does not cover. */
export const missingNames = ({ leaf }: CertificatePair, names: readonly string[]): string[] =>
  names.filter(
    (name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) === undefined,
  );

/** Writes it to one file that only root can read, completely or not at all; throws the file system's error. */
export const writePair = async (
  path: string,
  { pem, directory }: CertificatePair,
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  try {
    await rm(temporary, { force: true });
    const head = directory === undefined ? "" : `# given by ${directory}\n`;
    await writeFile(temporary, head + pem, { mode: 0o600, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};

const directoryLine = /^# given by (\S+)$/m;

const block = (label: string): RegExp =>
  new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, "g");

const parse = (pem: string): X509Certificate => {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Error(`a certificate cannot be parsed (${reasonOf(error)})`, { cause: error });
  }
};

const matcherFor = (key: string): ((certificate: X509Certificate) => boolean) => {
  try {
    const privateKey = createPrivateKey(key);
    return (certificate) => certificate.checkPrivateKey(privateKey);
  } catch (error) {
    throw new Error(`the private key cannot be parsed (${reasonOf(error)})`, { cause: error });
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
