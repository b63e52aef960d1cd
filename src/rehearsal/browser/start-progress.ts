import { setTimeout as pause } from "node:timers/promises";
import { printable } from "../../text/format.js";
import type { Browser } from "./browser.js";

/** A line about a start, for its user. */
export type StartEvent = { ready: boolean; failed: boolean; message: string };

/** The hub or a server refused; the message is the sentence that the person at the browser reads. */
export class Refused extends Error {}

const mostTries = 40;
const tryMs = 500;
// Chromium waits as long.
const reconnectMs = 3000;

/**
 * Follows the progress of a person's start until the server is ready. Throws Refused with the sentence of a start that failed, and an
 * error if the stream ends before.
 */
export const followStart = async (
  browser: Browser,
  person: string,
  onEvent: (event: StartEvent) => void = () => {},
): Promise<void> => {
  const path = `/hub/api/users/${encodeURIComponent(person)}/server/progress`;
  for (let turn = 1; ; turn += 1) {
    let last: StartEvent | undefined;
    const { status } = await browser.request(path, {
      purpose: "data",
      onLine: (line) => {
        const event = eventIn(line);
        if (event === undefined) return;
        last = event;
        onEvent(event);
      },
    });
    if (status === 200 && last?.failed === true)
      throw new Refused(last.message || "the start failed without a reason");
    if (status === 200 && last?.ready === true) return;
    // 400: the start has not begun yet.
    if (status !== 200 && (status !== 400 || turn === mostTries))
      throw new Error(`the progress of the start has status ${status}`);
    if (turn === mostTries) throw new Error("the progress ended before the start");
    // JupyterHub may break off the stream at the end of a start (utils.py, iterate_until), and an EventSource asks again.
    await pause(status === 200 ? reconnectMs : tryMs);
  }
};

const eventIn = (line: string): StartEvent | undefined => {
  if (!line.startsWith("data:")) return undefined;
  try {
    const found = JSON.parse(line.slice(5)) as Record<string, unknown> | null;
    const message = typeof found?.["message"] === "string" ? found["message"] : "";
    return {
      ready: found?.["ready"] === true,
      failed: found?.["failed"] === true,
      message: printable(message).slice(0, 300),
    };
  } catch {
    return undefined;
  }
};
