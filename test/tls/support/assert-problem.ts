import type { EdgeStatus } from "../../../contracts/edge-status.js";
import { certificateStatusFrom } from "../../../src/tls/status.js";

const basic = {
  at: "2026-11-21T12:00:00Z",
  kind: "acme",
  wanted: "acme",
  names: ["geo.example.org"],
  issuer: "Let's Encrypt R11",
  serial: "0A",
  notBefore: "2026-11-01T00:00:00Z",
  notAfter: "2027-01-30T00:00:00Z",
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  nextAttempt: "2026-11-22T03:17:00Z",
  attempt: null,
  history: [],
};

/** status.json of an edge that serves a certificate from Let's Encrypt, with the changes that a test needs. */
export const statusText = (changes: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...basic, ...changes });

/** The same after parsing. */
export const parsedStatus = (changes: Record<string, unknown> = {}): EdgeStatus => {
  const status = certificateStatusFrom(statusText(changes));
  if (status === undefined) throw new Error("the status cannot be parsed");
  return status;
};

/** An attempt that failed. */
export const failed = {
  at: "2026-11-21T11:55:00Z",
  outcome: "failed",
  failures: 3,
  error: "geo.example.org points to 198.51.100.7",
  hint: "correct its A record",
  detail: null,
};

/** Let's Encrypt as in a parsed swarmhub.yaml. */
export const letsEncrypt = {
  kind: "acme",
  authority: "Let's Encrypt",
  directory: basic.directory,
} as const;
