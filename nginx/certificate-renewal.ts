import { type Acme, type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import type { EdgeStatus } from "../contracts/edge-status.js";
import type { issueCertificate } from "./acme/issue.js";
import { issuedFor, storeIssued } from "./acme/issued.js";
import { type Window, renewalTime } from "./acme/renewal-window.js";
import type { CertificatePair } from "./certificate-pair.js";
import { checkNotDue, checkServed } from "./new-certificate.js";
import { type Problem, problemOf } from "./problem.js";
import {
  finishedAttempt,
  failedAttempt,
  pausedUntil,
  stateFrom,
  statusOf,
} from "./renewal-state.js";
import type { ServedCertificate } from "./site.js";

/**
 * Why the certificate is checked: it is time; the settings or files changed; somebody asked to try now what is due; somebody asked
 * to renew it although it is not due.
 */
export type Reason = "schedule" | "changed" | "now" | "force";

/** What the renewal needs from outside: the clock, the site and the authority. */
type Dependencies = {
  now: () => Date;
  settings: () => EdgeSettings;
  /** Serves the best certificate that exists, and answers what is served then. */
  apply: () => Promise<ServedCertificate>;
  issue: typeof issueCertificate;
  /** The renewal window that the authority suggests for this certificate. */
  suggestedWindow: (
    settings: EdgeSettings,
    acme: Acme,
    pair: CertificatePair,
  ) => Promise<Window | undefined>;
  /** 0 to 1, drawn at random once for an installation. */
  fraction: number;
  /** Sets the time of one further check; undefined: none before the schedule's own. */
  wakeAt: (time: Date | undefined) => void;
  write: (status: EdgeStatus) => Promise<void>;
  log: (text: string) => void;
};

type Renewal = {
  check: (reason: Reason) => Promise<void>;
  /** Says that the settings or files are about to change; the function that it returns says that they have changed. */
  expectChange: () => () => void;
};

/** Gets the certificate from an authority and renews it in time; `previous` is the status that the last run wrote. */
export const certificateRenewal = (
  dependencies: Dependencies,
  previous: EdgeStatus | undefined,
): Renewal => {
  const { now, log } = dependencies;
  const state = stateFrom(previous);
  let isBusy = false;
  let wake: Date | undefined;
  let waiting: Reason | undefined;
  let changes = 0;

  const report = async (settings: EdgeSettings): Promise<void> =>
    dependencies.write(statusOf(settings, await dependencies.apply(), state, now()));

  const checkOther = async (settings: EdgeSettings): Promise<void> => {
    const served = await dependencies.apply();
    const { problem } = served;
    if (problem !== null && problem.message !== state.attempt?.error) log(lineOf(problem));
    state.target = null;
    state.nextAttempt = null;
    state.attempt =
      settings.tls.kind === "own"
        ? finishedAttempt(now(), problem === null ? 0 : 1, problem)
        : null;
    wake = undefined;
    await dependencies.write(statusOf(settings, served, state, now()));
  };

  const dueAt = async (settings: EdgeSettings, acme: Acme): Promise<Date> => {
    const pair = await issuedFor(settings).catch(() => undefined);
    if (pair === undefined) return now();
    // Not valid yet: the attempt begins with a comparison of the clocks.
    if (new Date(pair.leaf.validFrom).getTime() - now().getTime() > hour) return now();
    const window = await dependencies.suggestedWindow(settings, acme, pair);
    return renewalTime(pair.leaf, window, dependencies.fraction);
  };

  const tryOnce = async (
    settings: EdgeSettings,
    acme: Acme,
    { force, counts }: { force: boolean; counts: boolean },
  ): Promise<void> => {
    const names = namesOf(settings).join(", ");
    const at = now();
    const last = state.attempt;
    const failures = last?.failures ?? 0;
    // The last failure's reason stays until this attempt has ended: nothing is better yet.
    state.attempt = {
      at,
      outcome: "running",
      failures,
      error: last?.error ?? null,
      hint: last?.hint ?? null,
      detail: last?.detail ?? null,
    };
    await report(settings);
    try {
      const pair = await dependencies.issue(settings, acme, force, now);
      await storeIssued(settings, pair);
      checkServed(pair, await dependencies.apply());
      checkNotDue(pair, now());
      state.attempt = finishedAttempt(at, 0, null);
      const { serialNumber, validTo } = pair.leaf;
      log(`got a certificate for ${names}: serial ${serialNumber}, expires on ${validTo}`);
    } catch (error) {
      const problem = problemOf(error);
      state.attempt = failedAttempt(at, last, problem, counts);
      const which = counts ? `attempt ${failures + 1}` : "manual attempt";
      log(`no certificate for ${names}, ${which}: ${lineOf(problem)}`);
    }
    const { outcome, error } = state.attempt;
    state.history = [...state.history, { at, outcome, error }].slice(-10);
  };

  const checkAcme = async (settings: EdgeSettings, acme: Acme, reason: Reason): Promise<void> => {
    const target = JSON.stringify([acme.directory, ...namesOf(settings).toSorted()]);
    if (state.target !== target) {
      state.target = target;
      state.attempt = null;
    }
    let due = await dueAt(settings, acme);
    const isDue = due <= now();
    if (reason === "force" || (isDue && mayTry(settings, reason))) {
      // A manual attempt that fails leaves the schedule as it was; but with no failure before it, the scheduled one would follow at once.
      const isManual = reason === "force" || reason === "now";
      const counts = !isManual || (isDue && (state.attempt?.failures ?? 0) === 0);
      await tryOnce(settings, acme, { force: reason === "force", counts });
      due = await dueAt(settings, acme);
    } else if (due > now() && state.attempt?.outcome === "failed") {
      // No longer due: a certificate was restored, or the clock was wrong.
      state.attempt = null;
    }
    const paused = pausedUntil(settings, state.attempt, now());
    wake = paused !== undefined && paused > due ? paused : due;
    // An attempt with changed settings follows this one: its failure must not look like theirs.
    state.nextAttempt = changes > 0 || waiting === "changed" ? now() : wake;
    await report(settings);
  };

  const mayTry = (settings: EdgeSettings, reason: Reason): boolean =>
    reason !== "schedule" || pausedUntil(settings, state.attempt, now()) === undefined;

  const checkOnce = async (reason: Reason): Promise<void> => {
    const settings = dependencies.settings();
    if (settings.tls.kind === "acme") await checkAcme(settings, settings.tls, reason);
    else await checkOther(settings);
  };

  return {
    check: async (reason) => {
      if (isBusy) {
        // A running attempt serves a manual request as well; but changed settings need another.
        const isTrying = state.attempt?.outcome === "running";
        if (reason === "changed" || (reason !== "schedule" && !isTrying)) waiting = reason;
        return;
      }
      isBusy = true;
      try {
        for (let next: Reason | undefined = reason; next !== undefined; next = waiting) {
          waiting = undefined;
          // If the check itself fails, it is repeated in a minute.
          wake = new Date(now().getTime() + 60_000);
          await checkOnce(next);
        }
      } finally {
        isBusy = false;
        // Not earlier: a check that comes while this one runs is ignored.
        dependencies.wakeAt(wake);
      }
    },
    expectChange: () => {
      changes += 1;
      return () => {
        changes -= 1;
      };
    },
  };
};

const hour = 60 * 60 * 1000;

const lineOf = ({ message, hint }: Problem): string =>
  hint === null ? message : `${message} (${hint})`;
