import { type KeyObject, X509Certificate } from "node:crypto";
import { UserError } from "../errors.js";
import { printable } from "../text/format.js";

/** The certificates of a PEM text, in their order. Throws a UserError. */
export const certificatesIn = (pem: string): X509Certificate[] => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw noCertificate(pem);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new UserError(
        `certificate ${index + 1} of ${blocks.length} in the file cannot be parsed`,
        {
          hint: "copy the file again, as text",
        },
      );
    }
  });
};

/** Throws a UserError unless the key's certificate comes first and each further one issued the one before it. */
export const checkOrder = (certificates: readonly X509Certificate[], key: KeyObject): void => {
  const own = certificates.find((each) => each.checkPrivateKey(key));
  if (own === undefined)
    throw new UserError(
      `the key does not match ${certificates.length === 1 ? "the certificate" : `any of the ${certificates.length} certificates`} in the file`,
      { hint: "use the key that the certificate was requested with" },
    );
  const chain = chainOf(own, certificates);
  const others = certificates.filter((each) => !chain.includes(each));
  if (others.length > 0)
    throw new UserError(
      `${others.map(nameOf).join(" and ")} ${others.length === 1 ? "is" : "are"} not part of the chain`,
      { hint: `keep only ${orderText(chain)}, in this order` },
    );
  if (chain.some((each, index) => each !== certificates[index]))
    throw new UserError(`the certificates are in the wrong order: ${orderText(certificates)}`, {
      hint: `the right order is ${orderText(chain)}: the site's own first, then the issuer of each`,
    });
};

/** The common name of a certificate, or the first of its names. */
export const nameOf = ({
  subject,
  subjectAltName,
}: Pick<X509Certificate, "subject" | "subjectAltName">): string => {
  const common = /^CN=(.*)$/m.exec(subject ?? "")?.[1];
  const first = /^(?:DNS|IP Address):([^,]*)/.exec(subjectAltName ?? "")?.[1];
  return printable(common ?? first ?? "a certificate without a name");
};

const chainOf = (
  own: X509Certificate,
  certificates: readonly X509Certificate[],
): X509Certificate[] => {
  const chain = [own];
  for (;;) {
    const last = chain.at(-1) ?? own;
    const next = certificates.find((each) => !chain.includes(each) && hasIssued(each, last));
    if (next === undefined) return chain;
    chain.push(next);
  }
};

const hasIssued = (issuer: X509Certificate, certificate: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const orderText = (certificates: readonly X509Certificate[]): string =>
  certificates.map(nameOf).join(", ");

const noCertificate = (text: string): UserError => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return new UserError("the file has a private key instead of a certificate", {
      hint: "swap the two files",
    });
  if (/-----BEGIN PKCS7-----/.test(text))
    return new UserError("the file is in PKCS #7 format", {
      hint: "convert it: openssl pkcs7 -print_certs -in FILE -out chain.pem",
    });
  return new UserError("there is no -----BEGIN CERTIFICATE----- in the file", {
    hint: "if it is in binary format, convert it: openssl x509 -inform DER -in FILE -out chain.pem",
  });
};

/**
 * Throws a UserError unless one of these can be the root of an ACME server. Since 3.13 Python, and so certbot, is stricter about roots
 * than Node and most others (VERIFY_X509_STRICT).
 */
export const checkRoots = (certificates: readonly X509Certificate[]): void => {
  const faults = certificates.map(faultOf);
  const [first] = faults;
  if (first !== undefined && !faults.includes(undefined)) throw first;
};

const faultOf = ({ raw, ca, subjectAltName }: X509Certificate): UserError | undefined => {
  // A server's self-signed certificate verifies that server alone, and need not belong to an authority.
  if (!ca)
    return subjectAltName === undefined
      ? new UserError(
          "the certificate may not sign others (basicConstraints CA:TRUE, keyUsage keyCertSign)",
          {
            hint: "use the root that signed the ACME server's own certificate",
          },
        )
      : undefined;
  if (raw.includes(keyUsage) && raw.includes(criticalConstraints)) return undefined;
  return new UserError(
    "certbot rejects a root without key usage, or without basicConstraints marked critical",
    {
      hint: "create it again with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,cRLSign",
    },
  );
};

// In DER, since Node parses but does not expose them: 2.5.29.15, and 2.5.29.19 followed by TRUE (RFC 5280, 4.2.1.3 and 4.2.1.9).
const keyUsage = Buffer.from("0603551d0f", "hex");
const criticalConstraints = Buffer.from("0603551d130101ff", "hex");
