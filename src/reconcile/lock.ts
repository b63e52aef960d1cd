import { randomUUID } from "node:crypto";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { duration } from "../text/format.js";
import type { Report } from "./event.js";
import { type Holder, type Self, isGone, self } from "./lock/holder.js";
import {
  acquireScript,
  lockName,
  refreshScript,
  releaseScript,
  staleAfterSeconds,
} from "./lock/script.js";
import type { Lock } from "./reconcile.js";

/** How a lock is taken. What is not given is as an operator wants it. */
export type LockOptions = {
  /** Takes it from whoever holds it. */
  breakLock?: boolean;
  /** Told when the lock of another was taken over. */
  report?: Report | undefined;
  /** The folder on the manager in which the lock is. */
  folder?: string;
  /** This process, as others may look for it. */
  me?: Self;
  /** Calls again and again, until what it returns is called. */
  every?: (ms: number, work: () => void) => () => void;
};

/**
 * Does the work while no other operator changes this class; UserError with code 4 says who does and since when.
 * `lost` is aborted when another took the lock over meanwhile.
 */
export const withLock = async <Result>(
  manager: Host,
  who: string,
  work: (lost: AbortSignal) => Promise<Result>,
  options: LockOptions = {},
): Promise<Result> => {
  const { folder = paths.state, me = self(), every = interval } = options;
  const holder: Holder = { token: randomUUID(), who, ...me };
  await acquire(manager, holder, folder, options);

  const lost = new AbortController();
  let beating: Promise<void> | undefined;
  const beat = async (): Promise<void> => {
    try {
      const answer = await manager.script(refreshScript(folder, holder), { timeout: 20_000 });
      if (answer.trim() === "lost") lost.abort();
    } catch {
      // One missed beat is no harm, and a machine that is lost is noticed by the work itself.
    } finally {
      beating = undefined;
    }
  };
  const stop = every(10_000, () => {
    beating ??= beat();
  });
  try {
    return await work(lost.signal);
  } catch (error) {
    throw lost.signal.aborted ? takenFrom(manager, error) : error;
  } finally {
    stop();
    await beating;
    await release(manager, folder, holder, options.report);
  }
};

/** The lock as `reconcile` wants it: seen by the manager's facts, taken only for what changes something. */
export const lockOf = (manager: Host, who: string, options: LockOptions): Lock => ({
  isHeld: async () => (await manager.facts()).state.includes(lockName),
  hold: (work) => withLock(manager, who, work, options),
});

const acquire = async (
  manager: Host,
  holder: Holder,
  folder: string,
  { breakLock = false, report }: LockOptions,
): Promise<void> => {
  const attempt = async (dismissed: string): Promise<Answer> =>
    readAnswer(
      await manager.script(acquireScript(folder, holder, dismissed), {
        title: "take the lock",
        timeout: 30_000,
      }),
    );

  let answer = await attempt("");
  let reason = `it gave no sign of life for ${staleAfterSeconds} s`;
  if (answer.kind === "held" && (breakLock || isGone(answer.other, holder))) {
    reason = breakLock ? "as --break-lock asks" : "its process is gone";
    answer = await attempt(answer.token);
  }
  if (answer.kind === "held") throw locked(manager, answer);
  if (answer.kind === "replaced") {
    const text = `took over the lock of ${answer.other.who ?? "another operator"}: ${reason}`;
    report?.event({ type: "warning", text });
  }
};

const release = async (
  manager: Host,
  folder: string,
  holder: Holder,
  report: Report | undefined,
): Promise<void> => {
  try {
    await manager.script(releaseScript(folder, holder), { timeout: 20_000 });
  } catch {
    const text = `the lock on ${manager.name} could not be given back; it lapses after ${staleAfterSeconds} s`;
    report?.event({ type: "warning", text });
  }
};

type Other = Partial<Holder> & { since?: string };

/** What the manager answers: ours now, ours after another's, or held by another for so many seconds. */
type Answer =
  | { kind: "taken" }
  | { kind: "replaced"; other: Other }
  | { kind: "held"; other: Other; seconds: number; token: string };

const readAnswer = (text: string): Answer => {
  const [first = "", second = ""] = text.split("\n");
  const [kind, seconds, token = ""] = first.split(" ");
  if (kind === "held") return { kind, other: readHolder(second), seconds: Number(seconds), token };
  if (kind === "replaced") return { kind, other: readHolder(second) };
  return { kind: "taken" };
};

/** The machine may have lost power while the note was written. */
const readHolder = (text: string): Other => {
  try {
    return JSON.parse(text) as Other;
  } catch {
    return {};
  }
};

const locked = (manager: Host, { other, seconds }: Answer & { kind: "held" }): UserError =>
  new UserError(
    `${other.who ?? "another operator"} is changing this class, since ${other.since ?? "?"} (${duration(seconds * 1000)} ago)`,
    {
      host: manager.name,
      hint: "wait until that is done, or take over with the same command and --break-lock",
      code: exitCode.locked,
    },
  );

const takenFrom = (manager: Host, cause: unknown): UserError => {
  const error = new UserError("another operator took the lock over; this run stopped", {
    host: manager.name,
    hint: "ask who it was before you run it again",
    code: exitCode.locked,
  });
  error.cause = cause;
  return error;
};

const interval = (ms: number, work: () => void): (() => void) => {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
};
