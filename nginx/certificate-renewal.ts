import { type Acme, type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import type { EdgeStatus } from "../contracts/edge-status.js";
import type { issueCertificate } from "./acme/issue.js";
import { issuedFor, keepIssued } from "./acme/issued.js";
import { type Window, renewalTime } from "./acme/renewal-window.js";
import type { Pair } from "./certificate-pair.js";
import { Problem, problemOf } from "./problem.js";
import { ended, failed, pausedUntil, stateFrom, statusOf } from "./renewal-state.js";
import type { Served } from "./site.js";

/**
 * Why somebody looks: the time has come; the settings or files are others; somebody would have it tried at once; or have it renewed
 * though it is not due.
 */
export type Reason = "schedule" | "changed" | "now" | "force";

/** What the keeper works with; the clock, the site and the authority come in. */
export type Means = {
  now: () => Date;
  settings: () => EdgeSettings;
  /** Serves the best pair that there is, and says what is served then. */
  apply: () => Promise<Served>;
  attempt: typeof issueCertificate;
  /** What the authority suggests for this certificate. */
  suggested: (settings: EdgeSettings, acme: Acme, pair: Pair) => Promise<Window | undefined>;
  /** 0 to 1, drawn once for an installation. */
  fraction: number;
  /** When to look again; undefined: not before the schedule says so. */
  wakeAt: (time: Date | undefined) => void;
  write: (status: EdgeStatus) => Promise<void>;
  say: (text: string) => void;
};

/** Sees to it that the certificate of an authority is there and young. `former`: the status that the last run left. */
export const certificateRenewal = (
  means: Means,
  former: EdgeStatus | undefined,
): { look: (reason: Reason) => Promise<void> } => {
  const { now, say } = means;
  const state = stateFrom(former);
  let isBusy = false;
  let wake: Date | undefined;
  let waiting: Reason | undefined;

  const report = async (settings: EdgeSettings): Promise<void> =>
    means.write(statusOf(settings, await means.apply(), state, now()));

  const lookOther = async (settings: EdgeSettings): Promise<void> => {
    const served = await means.apply();
    const { trouble } = served;
    if (trouble !== null && trouble.message !== state.attempt?.error) say(lineOf(trouble));
    state.target = null;
    state.nextAttempt = null;
    state.attempt =
      settings.tls.kind === "own" ? ended(now(), trouble === null ? 0 : 1, trouble) : null;
    wake = undefined;
    await means.write(statusOf(settings, served, state, now()));
  };

  const dueAt = async (settings: EdgeSettings, acme: Acme): Promise<Date> => {
    const pair = await issuedFor(settings).catch(() => undefined);
    if (pair === undefined) return now();
    // Not valid yet: the attempt begins with a look at whose clock is wrong.
    if (new Date(pair.leaf.validFrom).getTime() - now().getTime() > hour) return now();
    return renewalTime(pair.leaf, await means.suggested(settings, acme, pair), means.fraction);
  };

  const tryOnce = async (
    settings: EdgeSettings,
    acme: Acme,
    { insist, counts }: { insist: boolean; counts: boolean },
  ): Promise<void> => {
    const names = namesOf(settings).join(", ");
    const at = now();
    const last = state.attempt;
    const failures = last?.failures ?? 0;
    // Why the last one failed is told on until this one has ended: nothing is better yet.
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
      const pair = await means.attempt(settings, acme, insist, now);
      await keepIssued(settings, pair);
      insistOnServed(pair, await means.apply());
      insistOnYoung(pair, now());
      state.attempt = ended(at, 0, null);
      const { serialNumber, validTo } = pair.leaf;
      say(`got a certificate for ${names}: serial ${serialNumber}, it ends on ${validTo}`);
    } catch (error) {
      const trouble = problemOf(error);
      state.attempt = failed(at, last, trouble, counts);
      const which = counts ? `attempt ${failures + 1}` : "asked for by hand";
      say(`no certificate for ${names}, ${which}: ${lineOf(trouble)}`);
    }
    const { outcome, error } = state.attempt;
    state.history = [...state.history, { at, outcome, error }].slice(-10);
  };

  const lookAcme = async (settings: EdgeSettings, acme: Acme, reason: Reason): Promise<void> => {
    const target = JSON.stringify([acme.directory, ...namesOf(settings).toSorted()]);
    if (state.target !== target) {
      state.target = target;
      state.attempt = null;
    }
    let due = await dueAt(settings, acme);
    const isDue = due <= now();
    if (reason === "force" || (isDue && mayTry(settings, reason))) {
      // Whoever asks by hand and fails leaves the schedule as it was; but where nothing is waited for yet, it would come at once.
      const isByHand = reason === "force" || reason === "now";
      const counts = !isByHand || (isDue && (state.attempt?.failures ?? 0) === 0);
      await tryOnce(settings, acme, { insist: reason === "force", counts });
      due = await dueAt(settings, acme);
    } else if (due > now() && state.attempt?.outcome === "failed") {
      // What was due is not any more: it was restored, or the clock was wrong.
      state.attempt = null;
    }
    const paused = pausedUntil(settings, state.attempt, now());
    state.nextAttempt = paused !== undefined && paused > due ? paused : due;
    wake = state.nextAttempt;
    await report(settings);
  };

  const mayTry = (settings: EdgeSettings, reason: Reason): boolean =>
    reason !== "schedule" || pausedUntil(settings, state.attempt, now()) === undefined;

  const look = async (reason: Reason): Promise<void> => {
    const settings = means.settings();
    if (settings.tls.kind === "acme") await lookAcme(settings, settings.tls, reason);
    else await lookOther(settings);
  };

  return {
    look: async (reason) => {
      if (isBusy) {
        // An attempt that is under way is the one that was asked for; but other settings want another.
        const isTrying = state.attempt?.outcome === "running";
        if (reason === "changed" || (reason !== "schedule" && !isTrying)) waiting = reason;
        return;
      }
      isBusy = true;
      try {
        for (let next: Reason | undefined = reason; next !== undefined; next = waiting) {
          waiting = undefined;
          // Where it goes wrong altogether, it is looked at again in a minute.
          wake = new Date(now().getTime() + 60_000);
          await look(next);
        }
      } finally {
        isBusy = false;
        // Not before: a look in the midst of this one would be none.
        means.wakeAt(wake);
      }
    },
  };
};

const hour = 60 * 60 * 1000;

const insistOnServed = ({ leaf }: Pair, { given, shown, trouble }: Served): void => {
  if (given?.pair.leaf.serialNumber !== leaf.serialNumber)
    throw trouble ?? new Problem("the new certificate is not what would be served");
  if (shown?.serialNumber !== leaf.serialNumber)
    throw new Problem("nginx serves another certificate than the new one", "swarmhub logs edge");
};

const insistOnYoung = ({ leaf }: Pair, now: Date): void => {
  if (renewalTime(leaf, undefined, 0) > now) return;
  throw new Problem(
    `the new certificate ends on ${leaf.validTo} and would have to be renewed at once`,
    "look whether the manager's clock is right: timedatectl",
  );
};

const lineOf = ({ message, hint }: Problem): string =>
  hint === null ? message : `${message} (${hint})`;
