import { type KeyObject, type X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { UserError, exitCode } from "../errors.js";
import { momentText } from "../text/format.js";
import { certificatesIn, checkOrder, nameOf } from "./chain.js";

/** A certificate of the operator's own that can be served; `warnings` are sentences. */
export type OwnCertificate = { serial: string; notAfter: Date; warnings: string[] };

/** What is looked at: two PEM texts, the names that browsers use, the time. */
export type OwnFiles = { certificate: string; key: string; names: readonly string[]; now: Date };

/** A fault of one of the two files. */
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
/** Days before its end from which on a certificate is warned of. */
const soon = 14;

/** Checks all that would keep browsers away. Throws an OwnFileError. */
export const checkOwn = ({ certificate, key, names, now }: OwnFiles): OwnCertificate => {
  const secret = about("key", () => keyIn(key));
  return about("certificate", () => {
    const certificates = certificatesIn(certificate);
    checkOrder(certificates, secret);
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
        ...(left < soon
          ? [
              `it ends in ${left} days (${momentText(notAfter)}); put a newer one in its place, then \`swarmhub up\``,
            ]
          : []),
        ...(isAlone
          ? [
              `it has no chain: browsers that do not know ${issuerOf(own)} will refuse it; append the issuer's certificate`,
            ]
          : []),
      ],
    };
  });
};

const about = <T>(file: OwnFileError["file"], look: () => T): T => {
  try {
    return look();
  } catch (error) {
    throw error instanceof UserError ? new OwnFileError(file, error) : error;
  }
};

const keyIn = (pem: string): KeyObject => {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw /-----BEGIN CERTIFICATE-----/.test(pem)
      ? new UserError("it holds a certificate and no private key", {
          hint: "exchange the two files",
        })
      : new UserError("there is no -----BEGIN PRIVATE KEY----- in it", {
          hint: "name the right file",
        });
  if (/ENCRYPTED/.test(pem))
    throw new UserError(
      "a passphrase protects it, and nobody is there to type it when nginx starts",
      { hint: "type `openssl pkey -in FILE -out key.pem`, and name that one" },
    );
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UserError("it cannot be read", { hint: "copy the file again, as text" });
  }
};

const checkNames = (own: X509Certificate, names: readonly string[]): void => {
  const missing = names.filter(
    (name) =>
      (isIP(name) === 0 ? own.checkHost(name, { subject: "never" }) : own.checkIP(name)) ===
      undefined,
  );
  if (missing.length === 0) return;
  const has = (own.subjectAltName ?? "")
    .split(", ")
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ""))
    .filter((entry) => /^[\w*.:-]+$/.test(entry));
  const first = has.find((name) => isIP(name) === 0 && !name.startsWith("*"));
  const without = names.every((name) => isIP(name) !== 0) && first !== undefined;
  throw new UserError(
    `it is for ${has.slice(0, 5).join(", ") || "no name at all"}, and not for ${missing.join(" and ")}`,
    { hint: without ? `write domain: ${first}` : "ask for one with all names of `domain`" },
  );
};

const serverAuthentication = "1.3.6.1.5.5.7.3.1";

const checkUse = (own: X509Certificate): void => {
  // Node's types say that it is always there; where a certificate restricts nothing it is not.
  const uses = own.keyUsage as string[] | undefined;
  if (uses !== undefined && !uses.includes(serverAuthentication))
    throw new UserError("it is not made for servers", {
      hint: "ask for one with the usage serverAuth",
    });
  const { modulusLength } = own.publicKey.asymmetricKeyDetails ?? {};
  if (own.publicKey.asymmetricKeyType === "rsa" && (modulusLength ?? 0) < 2048)
    throw new UserError(
      `its RSA key has ${modulusLength} bits, and browsers take none below 2048`,
      { hint: "ask for one with a longer key" },
    );
};

const checkTime = (certificates: readonly X509Certificate[], now: Date): Date => {
  for (const each of certificates) {
    const [from, to] = [new Date(each.validFrom), new Date(each.validTo)];
    const which = certificates.length === 1 ? "it" : nameOf(each);
    if (to <= now)
      throw new UserError(`${which} ended on ${momentText(to)}`, {
        hint: "put a newer one in its place",
      });
    if (from > now)
      throw new UserError(
        `${which} begins on ${momentText(from)}, and now it is ${momentText(now)}`,
        { hint: "look at this machine's clock, or wait" },
      );
  }
  return new Date(certificates[0]?.validTo ?? 0);
};

const issuerOf = ({ issuer }: X509Certificate): string =>
  nameOf({ subject: issuer, subjectAltName: undefined });
