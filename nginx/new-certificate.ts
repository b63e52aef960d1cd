import { renewalTime } from "./acme/renewal-window.js";
import type { CertificatePair } from "./certificate-pair.js";
import { Problem } from "./problem.js";
import type { ServedCertificate } from "./site.js";

/** Throws a Problem unless nginx serves this new certificate. */
export const checkServed = (
  { leaf }: CertificatePair,
  { installed, served, problem }: ServedCertificate,
): void => {
  if (installed?.pair.leaf.serialNumber !== leaf.serialNumber)
    throw problem ?? new Problem("the new certificate was not installed in nginx");
  if (served?.serialNumber !== leaf.serialNumber)
    throw new Problem("nginx serves another certificate than the new one", "swarmhub logs edge");
};

/** Throws a Problem if this new certificate would be renewed at once: one clock is wrong. */
export const checkNotDue = ({ leaf }: CertificatePair, now: Date): void => {
  if (renewalTime(leaf, undefined, 0) > now) return;
  throw new Problem(
    `the new certificate expires on ${leaf.validTo} and would be due for renewal at once`,
    "check the manager's clock: timedatectl",
  );
};
