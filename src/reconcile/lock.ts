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

/** Keeps other operators out while something changes. */
export type Lock = {
  /** Whether somebody seems to hold it: then even a run with nothing to do has to wait its turn. */
  isHeld: () => Promise<boolean>;
  /** Does the work alone; `lost` is aborted when somebody else took the lock over. */
  hold: <Result>(work: (lost: AbortSignal) => Promise<Result>) => Promise<Result>;
};

/** How a lock is taken; the defaults are what an operator wants. */
export type LockOptions = {
  /** Takes the lock from its holder. */
  breakLock?: boolean;
  /** Gets a warning when the lock of another operator was taken over. */
  report?: Report | undefined;
  /** The folder of the lock on the manager. */
  folder?: string;
  /** This process, as other runs can identify it. */
  me?: Self;
  /** Calls `work` every `ms` milliseconds until the returned function is called. */
  every?: (ms: number, work: () => void) => () => void;
};

/**
 * Does the work while no other operator changes this class. Throws a UserError with code 4 that names the holder and the time.
 * `lost` is aborted when another operator took the lock over meanwhile.
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
      // One missed heartbeat does no harm, and the work itself notices a lost machine.
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

/** The lock for `reconcile`: the manager's facts show whether it is held; it is taken only to change something. */
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
  let reason = `no heartbeat for ${staleAfterSeconds} s`;
  if (answer.kind === "held" && (breakLock || isGone(answer.other, holder))) {
    reason = breakLock ? "--break-lock" : "its process is gone";
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
    const text = `the lock on ${manager.name} could not be released; it expires after ${staleAfterSeconds} s`;
    report?.event({ type: "warning", text });
  }
};

type Other = Partial<Holder> & { since?: string };

/** What the manager answers: taken, taken from another operator, or held by another operator for that many seconds. */
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

/** The machine may have lost power while the file was written. */
const readHolder = (text: string): Other => {
  try {
    return JSON.parse(text) as Other;
  } catch {
    return {};
  }
};

const locked = (manager: Host, { other, seconds }: Answer & { kind: "held" }): UserError =>
  new UserError(
    `${other.who ?? "another operator"} has been changing this class since ${other.since ?? "?"} (${duration(seconds * 1000)} ago)`,
    {
      host: manager.name,
      hint: "wait until that run ends, or take over: the same command with --break-lock",
      code: exitCode.locked,
    },
  );

const takenFrom = (manager: Host, cause: unknown): UserError => {
  const error = new UserError("another operator took over the lock; this run stopped", {
    host: manager.name,
    hint: "ask the other operator before you run it again",
    code: exitCode.locked,
  });
  error.cause = cause;
  return error;
};

const interval = (ms: number, work: () => void): (() => void) => {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
};
