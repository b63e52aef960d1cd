import type { Event } from "../reconcile/event.js";

/** The progress of a piece on a host. Times are in milliseconds. */
export type HostProgress = {
  host: string;
  done: number;
  skipped: number;
  running?: { title: string; began: number; text?: string };
  failed?: { title: string; error: string };
};

/** The progress of a piece. */
export type PieceProgress = {
  piece: string;
  state: "waiting" | "running" | "done" | "failed";
  /** The number of its steps; 0 before it starts. */
  steps: number;
  changed: number;
  ms: number;
  hosts: HostProgress[];
};

/**
 * The progress of a run. `inspecting` is how many machines are being inspected, `since` when that started or when the
 * last piece ended.
 */
export type Progress = { inspecting: number | undefined; since: number; pieces: PieceProgress[] };

/** The progress before the first event. */
export const initialProgress: Progress = { inspecting: undefined, since: 0, pieces: [] };

/** The progress after one more event. */
export const advance = (progress: Progress, event: Event, now: number): Progress => {
  switch (event.type) {
    case "survey":
      return { inspecting: event.hosts, since: now, pieces: [] };
    case "plan": {
      const hasSteps = event.pieces.some(({ steps }) => steps > 0);
      const pieces = event.pieces.map(({ piece }) => waiting(piece));
      return { inspecting: undefined, since: now, pieces: hasSteps ? pieces : [] };
    }
    case "piece": {
      // Before the first piece the operator may have taken long to answer a question.
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
