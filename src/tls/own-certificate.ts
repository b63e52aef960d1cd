import { type KeyObject, type X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { UserError, exitCode } from "../errors.js";
import { momentText } from "../text/format.js";
import { certificatesIn, checkOrder, nameOf } from "./chain.js";

/** An own certificate that can be served; `warnings` are sentences. */
type OwnCertificate = { serial: string; notAfter: Date; warnings: string[] };

/** Two PEM texts, the names that browsers use, and the time. */
type OwnFiles = { certificate: string; key: string; names: readonly string[]; now: Date };

/** What is wrong with one of the two files. */
export class OwnFileError extends UserError {
  override name = "OwnFileError";
  constructor(
    readonly file: "certificate" | "key",
    { reason, hint }: UserError,
  ) {
    super(reason, { hint, code: exitCode.usage });
  }
}

const day = 24 * 60 * 60 * 1000;
/** Days before a certificate expires, from which on there is a warning. */
const warningDays = 14;

/** Checks for everything that browsers would reject. Throws an OwnFileError. */
export const checkOwn = ({ certificate, key, names, now }: OwnFiles): OwnCertificate => {
  const privateKey = inFile("key", () => keyIn(key));
  return inFile("certificate", () => {
    const certificates = certificatesIn(certificate);
    checkOrder(certificates, privateKey);
    const [own] = certificates as [X509Certificate];
    checkNames(own, names);
    checkUse(own);
    const notAfter = checkTime(certificates, now);
    const left = Math.floor((notAfter.getTime() - now.getTime()) / day);
    const isAlone = certificates.length === 1 && !own.checkIssued(own);
    return {
      serial: own.serialNumber,
      notAfter,
      warnings: [
        ...(left < warningDays
          ? [
              `the certificate expires in ${left} days (${momentText(notAfter)}); replace it with a newer one, then: swarmhub up`,
            ]
          : []),
        ...(isAlone
          ? [
              `the certificate has no chain: browsers that do not know ${issuerOf(own)} will reject it; append the issuer's certificate`,
            ]
          : []),
      ],
    };
  });
};

const inFile = <T>(file: OwnFileError["file"], check: () => T): T => {
  try {
    return check();
  } catch (error) {
    throw error instanceof UserError ? new OwnFileError(file, error) : error;
  }
};

const keyIn = (pem: string): KeyObject => {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw /-----BEGIN CERTIFICATE-----/.test(pem)
      ? new UserError("the file has a certificate instead of a private key", {
          hint: "swap the two files",
        })
      : new UserError("there is no -----BEGIN PRIVATE KEY----- in the file", {
          hint: "check the path of the key",
        });
  if (/ENCRYPTED/.test(pem))
    throw new UserError("the key has a passphrase, which nobody can type when nginx starts", {
      hint: "remove it, and use key.pem: openssl pkey -in FILE -out key.pem",
    });
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UserError("the key cannot be parsed", { hint: "copy the file again, as text" });
  }
};

const checkNames = (own: X509Certificate, names: readonly string[]): void => {
  const missing = names.filter(
    (name) =>
      (isIP(name) === 0 ? own.checkHost(name, { subject: "never" }) : own.checkIP(name)) ===
      undefined,
  );
  if (missing.length === 0) return;
  const covered = (own.subjectAltName ?? "")
    .split(", ")
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ""))
    .filter((entry) => /^[\w*.:-]+$/.test(entry));
  const first = covered.find((name) => isIP(name) === 0 && !name.startsWith("*"));
  const lacksDomain = names.every((name) => isIP(name) !== 0) && first !== undefined;
  throw new UserError(
    `the certificate covers ${covered.slice(0, 5).join(", ") || "no name"}, but not ${missing.join(" and ")}`,
    {
      hint: lacksDomain
        ? `write domain: ${first}`
        : names.some((name) => name.startsWith("*."))
          ? `request a certificate for ${names.join(" and ")}`
          : "request a certificate with all names of `domain`",
    },
  );
};

const serverAuthentication = "1.3.6.1.5.5.7.3.1";

const checkUse = (own: X509Certificate): void => {
  // Undefined where a certificate has no restriction, although Node's types say otherwise.
  const uses = own.keyUsage as string[] | undefined;
  if (uses !== undefined && !uses.includes(serverAuthentication))
    throw new UserError("the certificate is not for servers", {
      hint: "request one with the extended key usage serverAuth",
    });
  const { modulusLength } = own.publicKey.asymmetricKeyDetails ?? {};
  if (own.publicKey.asymmetricKeyType === "rsa" && (modulusLength ?? 0) < 2048)
    throw new UserError(
      `its RSA key has ${modulusLength} bits, and browsers reject less than 2048`,
      { hint: "request one with a longer key" },
    );
};

const checkTime = (certificates: readonly X509Certificate[], now: Date): Date => {
  for (const each of certificates) {
    const [from, to] = [new Date(each.validFrom), new Date(each.validTo)];
    const which = certificates.length === 1 ? "the certificate" : nameOf(each);
    if (to <= now)
      throw new UserError(`${which} expired on ${momentText(to)}`, {
        hint: "replace it with a newer one",
      });
    if (from > now)
      throw new UserError(
        `${which} is not valid before ${momentText(from)}, and it is ${momentText(now)} now`,
        { hint: "check this machine's clock, or wait" },
      );
  }
  return new Date(certificates[0]?.validTo ?? 0);
};

const issuerOf = ({ issuer }: X509Certificate): string =>
  nameOf({ subject: issuer, subjectAltName: undefined });
