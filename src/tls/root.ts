import type { X509Certificate } from "node:crypto";
import { Problem } from "../config/problem.js";

/**
 * Throws a Problem unless one of these can be the root of an ACME server: Python, and so certbot, is stricter there than Node
 * and most others since 3.13 (VERIFY_X509_STRICT).
 */
export const checkRoots = (certificates: readonly X509Certificate[]): void => {
  const faults = certificates.map(faultOf);
  const [first] = faults;
  if (first !== undefined && !faults.includes(undefined)) throw first;
};

const faultOf = ({ raw, ca, subjectAltName }: X509Certificate): Problem | undefined => {
  // What a server signed itself stands for that server alone, and need not be an authority's.
  if (!ca)
    return subjectAltName === undefined
      ? new Problem(
          "it may not sign others (basicConstraints CA:TRUE, keyUsage keyCertSign)",
          "name the root that signed the ACME server's own certificate",
        )
      : undefined;
  if (raw.includes(keyUsage) && raw.includes(criticalConstraints)) return undefined;
  return new Problem(
    "certbot takes no root without a key usage and basicConstraints that are marked critical",
    "make it anew with basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign,cRLSign",
  );
};

// As DER has them, which Node reads but does not show: 2.5.29.15, and 2.5.29.19 with TRUE behind it (RFC 5280, 4.2.1.3 and 4.2.1.9).
const keyUsage = Buffer.from("0603551d0f", "hex");
const criticalConstraints = Buffer.from("0603551d130101ff", "hex");
