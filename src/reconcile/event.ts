/** What happens in a run, for whoever shows it. Times are in milliseconds. */
export type Event =
  /** All pieces are looked at, on that many hosts. */
  | { type: "survey"; hosts: number }
  /** What the look found to do: every piece in order, with its number of steps. */
  | { type: "plan"; pieces: { piece: string; steps: number }[] }
  /** A piece begins. Its steps may be other than the plan foresaw: it was looked at again. */
  | { type: "piece"; piece: string; steps: number }
  | { type: "step-started"; piece: string; host: string; title: string; detail?: string }
  | { type: "step-progress"; piece: string; host: string; title: string; text: string }
  | { type: "step-done"; piece: string; host: string; title: string; ms: number }
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
  /** A piece is as wanted: it was looked at again after its steps. */
  | { type: "piece-done"; piece: string; changed: number; ms: number }
  | { type: "piece-failed"; piece: string; ms: number }
  | { type: "note"; text: string }
  | { type: "warning"; text: string }
  | { type: "summary"; text: string; changed: number; ms: number; next: string[] };

/** Shows events; `close` leaves the terminal as it was. */
export type Report = { event: (event: Event) => void; close: () => void };
