import type { Event } from "../reconcile/event.js";

/** A host at work on a piece. Times are moments in milliseconds. */
export type HostProgress = {
  host: string;
  done: number;
  skipped: number;
  running?: { title: string; began: number; text?: string };
  failed?: { title: string; error: string };
};

/** A piece as far as it is. */
export type PieceProgress = {
  piece: string;
  state: "waiting" | "running" | "done" | "failed";
  /** How many steps it has; 0 before it begins. */
  steps: number;
  changed: number;
  ms: number;
  hosts: HostProgress[];
};

/** A whole run as far as it is. `since`: when the look began, or when the last piece ended. */
export type Progress = { look: number | undefined; since: number; pieces: PieceProgress[] };

/** Nothing has happened yet. */
export const nothingYet: Progress = { look: undefined, since: 0, pieces: [] };

/** The run one event further on. */
export const advance = (progress: Progress, event: Event, now: number): Progress => {
  switch (event.type) {
    case "survey":
      return { look: event.hosts, since: now, pieces: [] };
    case "plan": {
      const anything = event.pieces.some(({ steps }) => steps > 0);
      const pieces = event.pieces.map(({ piece }) => waiting(piece));
      return { look: undefined, since: now, pieces: anything ? pieces : [] };
    }
    case "piece": {
      // Before the first piece somebody may have thought long about a question.
      const first = progress.pieces.every(({ state }) => state === "waiting");
      const since = first ? now : progress.since;
      const next: Progress = { ...progress, since };
      const { steps } = event;
      return withPiece(next, event.piece, (piece) => ({ ...piece, state: "running", steps }));
    }
    case "piece-done": {
      const { ms, changed } = event;
      const end = { state: "done", ms, changed, hosts: [] } as const;
      const all = withPiece(progress, event.piece, (piece) => ({ ...piece, ...end, hosts: [] }));
      return { ...all, since: now };
    }
    case "piece-failed": {
      const { ms } = event;
      return withPiece(progress, event.piece, (piece) => ({ ...piece, state: "failed", ms }));
    }
    case "step-started":
      return withHost(progress, event, ({ running: _, ...host }) => ({
        ...host,
        running: { title: event.title, began: now },
      }));
    case "step-progress":
      return withHost(progress, event, (host) =>
        host.running === undefined
          ? host
          : { ...host, running: { ...host.running, text: event.text } },
      );
    case "step-done":
      return withHost(progress, event, ({ running: _, ...host }) => ({
        ...host,
        done: host.done + 1,
      }));
    case "step-failed":
      return withHost(progress, event, ({ running: _, ...host }) => ({
        ...host,
        failed: { title: event.title, error: event.error },
      }));
    case "step-skipped":
      return withHost(progress, event, (host) => ({ ...host, skipped: host.skipped + 1 }));
    case "note":
    case "warning":
    case "summary":
      return progress;
  }
};

const waiting = (piece: string): PieceProgress => ({
  piece,
  state: "waiting",
  steps: 0,
  changed: 0,
  ms: 0,
  hosts: [],
});

const withPiece = (
  progress: Progress,
  name: string,
  change: (piece: PieceProgress) => PieceProgress,
): Progress => ({
  ...progress,
  pieces: progress.pieces.map((each) => (each.piece === name ? change(each) : each)),
});

const withHost = (
  progress: Progress,
  { piece: name, host: hostName }: { piece: string; host: string },
  change: (host: HostProgress) => HostProgress,
): Progress =>
  withPiece(progress, name, (piece) => {
    const known = piece.hosts.some(({ host }) => host === hostName);
    const fresh: HostProgress = { host: hostName, done: 0, skipped: 0 };
    const hosts = known ? piece.hosts : [...piece.hosts, fresh];
    return { ...piece, hosts: hosts.map((each) => (each.host === hostName ? change(each) : each)) };
  });
