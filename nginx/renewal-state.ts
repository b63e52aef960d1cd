import type { X509Certificate } from "node:crypto";
import type { EdgeSettings } from "../contracts/edge-settings.js";
import type { Attempt, EdgeStatus } from "../contracts/edge-status.js";
import { type Problem, retriesHint } from "./problem.js";
import type { ServedCertificate } from "./site.js";

/** What the renewal remembers from one check to the next, and over restarts. */
type State = Pick<EdgeStatus, "target" | "attempt" | "history" | "nextAttempt">;

/** The state that the last run left. An attempt that was still running has failed: it may be what ended the edge. */
export const stateFrom = (previous: EdgeStatus | undefined): State => {
  const attempt = previous?.attempt ?? null;
  return {
    target: previous?.target ?? null,
    history: previous?.history ?? [],
    nextAttempt: null,
    attempt:
      attempt?.outcome === "running"
        ? {
            ...attempt,
            outcome: "failed",
            failures: attempt.failures + 1,
            error: "the edge ended during an attempt",
            hint: retriesHint,
          }
        : attempt,
  };
};

/** An attempt that has ended: failed with that problem, or successful without one. */
export const finishedAttempt = (at: Date, failures: number, problem: Problem | null): Attempt => ({
  at,
  outcome: problem === null ? "ok" : "failed",
  failures,
  error: problem?.message ?? null,
  hint: problem?.hint ?? null,
  detail: problem?.detail ?? null,
});

/** A failed attempt. One that does not count, because somebody started it by hand, does not move the next scheduled one. */
export const failedAttempt = (
  at: Date,
  previous: Attempt | null,
  problem: Problem,
  counts: boolean,
): Attempt => {
  const failures = previous?.failures ?? 0;
  if (counts) return finishedAttempt(at, failures + 1, problem);
  const attempt = finishedAttempt(at, failures, problem);
  return previous === null || failures === 0
    ? attempt
    : { ...attempt, countedAt: previous.countedAt ?? previous.at };
};

/** Until when there is no attempt after a failure; undefined where none failed, or the clock was ahead when it did. */
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

/** The content of status.json. */
export const statusOf = (
  settings: EdgeSettings,
  { installed, served }: ServedCertificate,
  { target, attempt, history, nextAttempt }: State,
  now: Date,
): EdgeStatus => {
  const isInstalled =
    served !== undefined && served.serialNumber === installed?.pair.leaf.serialNumber;
  return {
    at: now,
    kind: settings.tls.kind === "off" ? "off" : isInstalled ? installed.kind : "self-signed",
    wanted: settings.tls.kind,
    names: served === undefined ? [] : namesIn(served),
    issuer: served === undefined ? "" : issuerOf(served),
    serial: served?.serialNumber ?? "",
    notBefore: served === undefined ? null : new Date(served.validFrom),
    notAfter: served === undefined ? null : new Date(served.validTo),
    directory: (isInstalled ? installed.pair.directory : undefined) ?? null,
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

/** "Let's Encrypt R11": the organization, and its common name if there is one. */
const issuerOf = ({ issuer }: X509Certificate): string => {
  const [, organization] = /^O=(.*)$/m.exec(issuer) ?? [];
  const [, name] = /^CN=(.*)$/m.exec(issuer) ?? [];
  return [organization, name].filter((part) => part !== undefined).join(" ");
};
