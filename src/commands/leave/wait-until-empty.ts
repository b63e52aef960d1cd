import { setTimeout as pause } from "node:timers/promises";
import { oneError } from "../../errors.js";

/** A user's server on a machine that leaves; `idle`: it has been unused for a while, and no kernel is busy. */
export type ActiveServer = { home: string; user: string | undefined; idle: boolean };

/** When servers are moved: now, each when it is idle, or at the end of a grace period (milliseconds) at the latest. */
export type DrainMode = { kind: "now" } | { kind: "when-idle" } | { kind: "grace"; grace: number };

/** How to list the servers of the machines and to move one; times in milliseconds. */
type Drain = {
  list: () => Promise<ActiveServer[]>;
  move: (server: ActiveServer) => Promise<void>;
  progress: (text: string) => void;
  now?: () => number;
  every?: number;
  signal?: AbortSignal;
};

/**
 * Moves servers as the mode allows until none is left; false if it was interrupted. A server that cannot be moved does not stop the others:
 * once only such servers are left, it throws one error for all of them.
 */
export const waitUntilEmpty = async (
  mode: DrainMode,
  { list, move, progress, now = () => performance.now(), every = 5000, signal }: Drain,
): Promise<boolean> => {
  const started = now();
  const failures = new Map<string, unknown>();
  for (;;) {
    const servers = await list();
    if (servers.length === 0) return true;
    if (signal?.aborted === true) return false;
    const isOver = mode.kind === "now" || (mode.kind === "grace" && now() - started >= mode.grace);
    const waiting = servers.filter(({ home }) => !failures.has(home));
    if (waiting.length === 0) throw oneError([...failures.values()]);
    const movable = waiting.filter(({ idle }) => idle || isOver);
    await Promise.all(
      movable.map((server) =>
        move(server).catch((error: unknown) => failures.set(server.home, error)),
      ),
    );
    if (movable.length > 0) continue;
    const names = waiting.map(({ user, home }) => user ?? home).join(", ");
    const left =
      mode.kind === "grace" ? `, ${leftText(mode.grace - (now() - started))} at most` : "";
    progress(`waiting for ${names}${left}`);
    await pause(every);
  }
};

const leftText = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
};
