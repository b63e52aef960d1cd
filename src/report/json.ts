import type { Report } from "./event.js";

/** Each event as one line of JSON, with the moment it happened. */
export const jsonReport = (write: (text: string) => void, date: () => Date): Report => ({
  event: (event) => write(`${JSON.stringify({ at: date().toISOString(), ...event })}\n`),
  close: () => {},
});
