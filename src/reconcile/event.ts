/** An event of a run, for the reports. Times are in milliseconds. */
export type Event =
  /** The run starts: it inspects all pieces on this number of hosts. */
  | { type: "survey"; hosts: number }
  /** The plan: every piece in order, with its number of steps. */
  | { type: "plan"; pieces: { piece: string; steps: number }[] }
  /** A piece starts. Its number of steps may differ from the plan, since it was planned again. */
  | { type: "piece"; piece: string; steps: number }
  | { type: "step-started"; piece: string; host: string; title: string; detail?: string }
  | { type: "step-progress"; piece: string; host: string; title: string; text: string }
  | { type: "step-done"; piece: string; host: string; title: string; ms: number; note?: string }
  | {
      type: "step-failed";
      piece: string;
      host: string;
      title: string;
      ms: number;
      error: string;
      hint?: string;
    }
  | { type: "step-skipped"; piece: string; host: string; title: string; why: string }
  /** A piece has converged: planned again after its steps, it has nothing to do. */
  | { type: "piece-done"; piece: string; changed: number; ms: number }
  | { type: "piece-failed"; piece: string; ms: number }
  | { type: "note"; text: string }
  | { type: "warning"; text: string }
  | { type: "summary"; text: string; changed: number; ms: number; next: string[] };

/** Shows events; `close` restores the terminal. */
export type Report = { event: (event: Event) => void; close: () => void };
