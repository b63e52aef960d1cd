import * as z from "zod";
import type { EdgeSettings } from "./edge-settings.js";

/** Reads status.json, each text of it changed by `reviveText`; undefined where the file is missing or invalid. */
export const statusFrom = (
  json: string | undefined,
  reviveText: (text: string, key: string) => string = (text) => text,
): EdgeStatus | undefined => {
  try {
    const value: unknown = JSON.parse(json ?? "", (key, each: unknown) =>
      typeof each === "string" ? reviveText(each, key) : each,
    );
    return schema.safeParse(value).data;
  } catch {
    return undefined;
  }
};

type Kind = EdgeSettings["tls"]["kind"];

const kind = z.enum(["self-signed", "acme", "own", "off"] as const satisfies readonly Kind[]);
// JSON has no dates: JSON.stringify writes them as ISO 8601.
const time = z.coerce.date();
// An older edge may have written less, or something else: such a value is null, and the rest is still read.
const optionalTime = time.nullable().catch(null);
const optionalText = z.string().nullable().catch(null);

const attempt = z.object({
  /** When it began. */
  at: time,
  outcome: z.enum(["running", "ok", "failed"]),
  /** Consecutive failures that count towards the wait before the next attempt. */
  failures: z.number().int().min(0),
  /** When the last attempt that counts began, if that is not this one. */
  countedAt: time.optional().catch(undefined),
  /** Why it failed; while an attempt is running, why the previous one failed. */
  error: optionalText,
  hint: optionalText,
  /** Output of the program or server that refused, at most 2000 characters. */
  detail: optionalText,
});

const schema = z.object({
  /** When the file was written. */
  at: time,
  /** The kind of certificate that is served, as a handshake with nginx showed it. */
  kind,
  /** The kind of certificate that the settings ask for. */
  wanted: kind,
  /** Names and addresses of the served certificate; none with TLS off. */
  names: z.array(z.string()),
  issuer: z.string(),
  serial: z.string(),
  notBefore: optionalTime,
  notAfter: optionalTime,
  /** URL of the ACME directory of the authority that issued the served certificate. */
  directory: optionalText,
  /** The authority and the names that the attempts were for; failures are counted afresh when either changes. */
  target: optionalText,
  nextAttempt: optionalTime,
  attempt: attempt.nullable().catch(null),
  /** The last ten attempts, newest last. */
  history: z.array(attempt.pick({ at: true, outcome: true, error: true })).catch([]),
});

/** /certificates/status.json: written by the edge, read by its next start and by `swarmhub tls`, `status` and `up`. */
export type EdgeStatus = z.output<typeof schema>;

/** One attempt to get a certificate from an authority, or to serve the operator's own. */
export type Attempt = z.output<typeof attempt>;
