import type { Settings } from "./edge-settings.js";

type Kind = Settings["tls"]["kind"];

/** One try to get a certificate, or to serve one of the operator's. */
export type Attempt = {
  /** When it began. */
  at: string;
  outcome: "running" | "ok" | "failed";
  /** How many have failed one after the other, of those that count for the wait. */
  failures: number;
  /** When the last one began that counts, if that is not this one. */
  countedAt?: string;
  error: string | null;
  hint: string | null;
  detail: string | null;
};

/** What /certificates/status.json says, for `swarmhub tls` and for the next start. Times are ISO 8601. */
export type Status = {
  at: string;
  /** What is served, as a handshake with nginx showed it. */
  kind: Kind;
  wanted: Kind;
  names: string[];
  issuer: string;
  serial: string;
  notBefore: string | null;
  notAfter: string | null;
  /** The authority of the certificate that is served. */
  directory: string | null;
  /** What the attempts were for: with other names or another authority they count anew. */
  target: string | null;
  nextAttempt: string | null;
  attempt: Attempt | null;
  /** The last ten, the newest last. */
  history: Pick<Attempt, "at" | "outcome" | "error">[];
};
