import type { Event, Report } from "../reconcile/event.js";
import { duration, plural, printable } from "../text/format.js";

/** One line for each event, without colours or animation: for logs, pipes and CI. */
export const plainReport = (write: (text: string) => void): Report => ({
  event: (event) => {
    const line = plainLine(event);
    if (line !== undefined) write(`${line}\n`);
  },
  close: () => {},
});

/** The line for an event; undefined where a log does not need it. */
export const plainLine = (event: Event): string | undefined => {
  switch (event.type) {
    case "survey":
      return `inspecting ${plural(event.hosts, "machine")}`;
    case "step-started":
      return step(event, "…");
    case "step-done":
      return step(event, doneText(event));
    case "step-failed":
      return step(event, `FAILED after ${duration(event.ms)}`);
    case "step-skipped":
      return step(event, `skipped: ${printable(event.why)}`);
    case "piece-done":
      return event.changed === 0
        ? undefined
        : `${printable(event.piece)}: up to date after ${duration(event.ms)}`;
    case "piece-failed":
      return `${printable(event.piece)}: stopped after ${duration(event.ms)}`;
    case "note":
      return printable(event.text);
    case "warning":
      return `warning: ${printable(event.text)}`;
    case "summary":
      return [printable(event.text), ...event.next.map((next) => `  ${printable(next)}`)].join(
        "\n",
      );
    case "plan":
    case "piece":
    case "step-progress":
      return undefined;
  }
};

const doneText = ({ ms, note }: Extract<Event, { type: "step-done" }>): string =>
  `done in ${duration(ms)}${note === undefined ? "" : `: ${printable(note)}`}`;

const step = (event: { piece: string; host: string; title: string }, outcome: string): string =>
  `${printable(event.piece)}  ${printable(event.host)}  ${printable(event.title)}  ${outcome}`;

/** Each event as one line of JSON, with its time. */
export const jsonReport = (write: (text: string) => void, date: () => Date): Report => ({
  event: (event) => write(`${JSON.stringify({ at: date().toISOString(), ...event })}\n`),
  close: () => {},
});
