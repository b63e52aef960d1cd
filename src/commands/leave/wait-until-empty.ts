import { setTimeout as pause } from "node:timers/promises";

/** A user's server on a machine that is to leave; `idle`: nobody did anything there for a while, and no kernel is at work. */
export type ActiveServer = { home: string; user: string | undefined; idle: boolean };

/** How the seats of a machine become free: at once, once each is idle, or at the end of a grace (milliseconds) at the latest. */
export type DrainMode = { kind: "now" } | { kind: "when-idle" } | { kind: "grace"; grace: number };

/** What emptying needs: a look at who sits there, and a way to move them; a clock in milliseconds. */
export type Emptying = {
  look: () => Promise<ActiveServer[]>;
  move: (sitting: ActiveServer) => Promise<void>;
  say: (text: string) => void;
  now?: () => number;
  every?: number;
  signal?: AbortSignal;
};

/** Waits until nobody sits there any more, moving who may be moved; false where an interruption ended it before. */
export const waitUntilEmpty = async (
  mode: DrainMode,
  { look, move, say, now = () => performance.now(), every = 5000, signal }: Emptying,
): Promise<boolean> => {
  const begun = now();
  for (;;) {
    const sitting = await look();
    if (sitting.length === 0) return true;
    if (signal?.aborted === true) return false;
    const isOver = mode.kind === "now" || (mode.kind === "grace" && now() - begun >= mode.grace);
    const movable = sitting.filter(({ idle }) => idle || isOver);
    await Promise.all(movable.map(move));
    if (movable.length > 0) continue;
    const names = sitting.map(({ user, home }) => user ?? home).join(", ");
    const left = mode.kind === "grace" ? `, ${leftText(mode.grace - (now() - begun))} at most` : "";
    say(`waiting for ${names}${left}`);
    await pause(every);
  }
};

const leftText = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
};
