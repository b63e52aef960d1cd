import { type KeyObject, X509Certificate } from "node:crypto";
import { UserError } from "../errors.js";
import { printable } from "../text/format.js";

/** The certificates of a PEM text, in its order. Throws a UserError. */
export const certificatesIn = (pem: string): X509Certificate[] => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw noCertificate(pem);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new UserError(`certificate ${index + 1} of ${blocks.length} in it cannot be read`, {
        hint: "copy the file again, as text",
      });
    }
  });
};

/** Throws a UserError unless the key's certificate stands first and each further one gave out the one before it. */
export const checkOrder = (certificates: readonly X509Certificate[], key: KeyObject): void => {
  const own = certificates.find((each) => each.checkPrivateKey(key));
  if (own === undefined)
    throw new UserError(
      `the key belongs to none of the ${certificates.length === 1 ? "certificates" : `${certificates.length} certificates`} in it`,
      { hint: "name the key that the certificate was asked for with" },
    );
  const right = chainOf(own, certificates);
  const strangers = certificates.filter((each) => !right.includes(each));
  if (strangers.length > 0)
    throw new UserError(
      `${strangers.map(nameOf).join(" and ")} ${strangers.length === 1 ? "is" : "are"} no part of its chain`,
      { hint: `leave only ${orderText(right)}, in this order` },
    );
  if (right.some((each, index) => each !== certificates[index]))
    throw new UserError(`its certificates stand in the wrong order: ${orderText(certificates)}`, {
      hint: `the right one is ${orderText(right)}: the site's own first, then each one's issuer`,
    });
};

/** What a certificate is for, in a word or two. */
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
    const next = certificates.find((each) => !chain.includes(each) && gaveOut(each, last));
    if (next === undefined) return chain;
    chain.push(next);
  }
};

const gaveOut = (issuer: X509Certificate, certificate: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const orderText = (certificates: readonly X509Certificate[]): string =>
  certificates.map(nameOf).join(", ");

const noCertificate = (text: string): UserError => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return new UserError("it holds a private key and no certificate", {
      hint: "exchange the two files",
    });
  if (/-----BEGIN PKCS7-----/.test(text))
    return new UserError("it is a PKCS #7 file", {
      hint: "type `openssl pkcs7 -print_certs -in FILE -out chain.pem`",
    });
  return new UserError("there is no -----BEGIN CERTIFICATE----- in it", {
    hint: "type `openssl x509 -inform DER -in FILE -out chain.pem` if it is a binary one",
  });
};

/**
 * Throws a UserError unless one of these can be the root of an ACME server: Python, and so certbot, is stricter there than Node
 * and most others since 3.13 (VERIFY_X509_STRICT).
 */
export const checkRoots = (certificates: readonly X509Certificate[]): void => {
  const faults = certificates.map(faultOf);
  const [first] = faults;
  if (first !== undefined && !faults.includes(undefined)) throw first;
};

const faultOf = ({ raw, ca, subjectAltName }: X509Certificate): UserError | undefined => {
  // What a server signed itself stands for that server alone, and need not be an authority's.
  if (!ca)
    return subjectAltName === undefined
      ? new UserError("it may not sign others (basicConstraints CA:TRUE, keyUsage keyCertSign)", {
          hint: "name the root that signed the ACME server's own certificate",
        })
      : undefined;
  if (raw.includes(keyUsage) && raw.includes(criticalConstraints)) return undefined;
  return new UserError(
    "certbot takes no root without a key usage and basicConstraints that are marked critical",
    {
      hint: "make it anew with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,cRLSign",
    },
  );
};

// As DER has them, which Node reads but does not show: 2.5.29.15, and 2.5.29.19 with TRUE behind it (RFC 5280, 4.2.1.3 and 4.2.1.9).
const keyUsage = Buffer.from("0603551d0f", "hex");
const criticalConstraints = Buffer.from("0603551d130101ff", "hex");
