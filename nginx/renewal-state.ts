import type { X509Certificate } from "node:crypto";
import type { EdgeSettings } from "../contracts/edge-settings.js";
import type { Attempt, EdgeStatus } from "../contracts/edge-status.js";
import type { Problem } from "./problem.js";
import type { Served } from "./site.js";

/** What the keeper remembers from one look to the next, and over restarts. */
export type State = Pick<EdgeStatus, "target" | "attempt" | "history" | "nextAttempt">;

/** What the last run knew. An attempt that it did not live to see the end of has failed: it may be what ended it. */
export const stateFrom = (former: EdgeStatus | undefined): State => {
  const attempt = former?.attempt ?? null;
  return {
    target: former?.target ?? null,
    history: former?.history ?? [],
    nextAttempt: null,
    attempt:
      attempt?.outcome === "running"
        ? {
            ...attempt,
            outcome: "failed",
            failures: attempt.failures + 1,
            error: "the edge was ended in the midst of an attempt",
            hint: "it is tried again by itself",
          }
        : attempt,
  };
};

/** An attempt that is over: it failed with that trouble, or with none it did not. */
export const ended = (at: Date, failures: number, trouble: Problem | null): Attempt => ({
  at,
  outcome: trouble === null ? "ok" : "failed",
  failures,
  error: trouble?.message ?? null,
  hint: trouble?.hint ?? null,
  detail: trouble?.detail ?? null,
});

/**
 * An attempt that failed. One that does not count, because somebody asked for it by hand, leaves the next one that comes by
 * itself where it was.
 */
export const failed = (
  at: Date,
  former: Attempt | null,
  trouble: Problem,
  counts: boolean,
): Attempt => {
  const failures = former?.failures ?? 0;
  if (counts) return ended(at, failures + 1, trouble);
  const attempt = ended(at, failures, trouble);
  return former === null || failures === 0
    ? attempt
    : { ...attempt, countedAt: former.countedAt ?? former.at };
};

/** Until when nothing is tried after a failure; undefined where nothing failed, or it did so by a clock that was ahead. */
export const pausedUntil = (
  { schedule: { pauses } }: EdgeSettings,
  attempt: Attempt | null,
  now: Date,
): Date | undefined => {
  if (attempt?.outcome !== "failed") return undefined;
  const from = attempt.countedAt ?? attempt.at;
  if (from > now) return undefined;
  const seconds = pauses[Math.min(attempt.failures, pauses.length) - 1] ?? 0;
  const end = new Date(from.getTime() + seconds * 1000);
  return end > now ? end : undefined;
};

/** All of it as status.json has it. */
export const statusOf = (
  settings: EdgeSettings,
  { given, shown }: Served,
  { target, attempt, history, nextAttempt }: State,
  now: Date,
): EdgeStatus => {
  const isGiven = shown !== undefined && shown.serialNumber === given?.pair.leaf.serialNumber;
  return {
    at: now,
    kind: settings.tls.kind === "off" ? "off" : isGiven ? given.kind : "self-signed",
    wanted: settings.tls.kind,
    names: shown === undefined ? [] : namesIn(shown),
    issuer: shown === undefined ? "" : issuerOf(shown),
    serial: shown?.serialNumber ?? "",
    notBefore: shown === undefined ? null : new Date(shown.validFrom),
    notAfter: shown === undefined ? null : new Date(shown.validTo),
    directory: (isGiven ? given.pair.directory : undefined) ?? null,
    target,
    nextAttempt,
    attempt,
    history,
  };
};

const namesIn = ({ subjectAltName }: X509Certificate): string[] =>
  (subjectAltName ?? "")
    .split(", ")
    .map((name) => name.replace(/^(DNS|IP Address):/, ""))
    .filter((name) => name !== "");

/** "Let's Encrypt R11": the organization, and its name for the key if that says more. */
const issuerOf = ({ issuer }: X509Certificate): string => {
  const [, organization] = /^O=(.*)$/m.exec(issuer) ?? [];
  const [, name] = /^CN=(.*)$/m.exec(issuer) ?? [];
  return [organization, name].filter((part) => part !== undefined).join(" ");
};
