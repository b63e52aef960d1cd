import { X509Certificate } from "node:crypto";
import { usageError } from "../errors.js";

/** The certificates of a PEM text, without what is between them. Throws a UserError (usage) that begins with `what`. */
export const certificatesIn = (text: string, what: string): string => {
  const hint =
    "write the certificates in PEM format, each between BEGIN CERTIFICATE and END CERTIFICATE";
  if (text.includes("PRIVATE KEY"))
    throw usageError(`${what} has a private key, which does not belong there`, hint);
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw usageError(`${what} has no certificate`, hint);
  if (!found.every(isCertificate)) throw usageError(`${what} has a damaged certificate`, hint);
  return `${found.join("\n")}\n`;
};

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
};
