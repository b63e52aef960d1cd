import * as z from "zod";
import type { EdgeSettings } from "./edge-settings.js";

type Kind = EdgeSettings["tls"]["kind"];

const kind = z.enum(["self-signed", "acme", "own", "off"] as const satisfies readonly Kind[]);
// JSON has no dates: JSON.stringify writes them as ISO 8601.
const time = z.coerce.date();
// An earlier edge may have written less, or something else: what is optional is null then, and the rest still counts.
const optionalTime = time.nullable().catch(null);
const optionalText = z.string().nullable().catch(null);

const attempt = z.object({
  /** When it began. */
  at: time,
  outcome: z.enum(["running", "ok", "failed"]),
  /** How many have failed one after the other, of those that count for the wait. */
  failures: z.number().int().min(0),
  /** When the last one began that counts, if that is not this one. */
  countedAt: time.optional().catch(undefined),
  /** Why it failed; while an attempt is running, why the one before it failed. */
  error: optionalText,
  hint: optionalText,
  /** The output of the program or server that refused, at most 2000 characters. */
  detail: optionalText,
});

const schema = z.object({
  /** When it was written. */
  at: time,
  /** The certificate that is served, as a handshake with nginx showed it. */
  kind,
  /** The certificate that the settings ask for. */
  wanted: kind,
  /** Names and addresses that the served certificate is for; none with TLS off. */
  names: z.array(z.string()),
  issuer: z.string(),
  serial: z.string(),
  notBefore: optionalTime,
  notAfter: optionalTime,
  /** The ACME directory of the authority that issued the served certificate. */
  directory: optionalText,
  /** The authority and the names that the attempts were for: with others they count anew. */
  target: optionalText,
  nextAttempt: optionalTime,
  attempt: attempt.nullable().catch(null),
  /** The last ten attempts, the newest last. */
  history: z.array(attempt.pick({ at: true, outcome: true, error: true })).catch([]),
});

/** /certificates/status.json: the edge writes it, and reads it at its next start; `swarmhub tls`, `status` and `up` read it. */
export type EdgeStatus = z.output<typeof schema>;

/** One attempt to get a certificate, or to serve one of the operator's. */
export type Attempt = z.output<typeof attempt>;

/** Reads status.json, each text of it by `reviveText`; undefined where it is missing or is not such a file. */
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
