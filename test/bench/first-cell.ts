import { newNotebook, openBrowser, openJupyterLab, runCell } from "../e2e/support/browser.js";
import { roomPassword } from "../e2e/support/lab.js";
import { median, seconds } from "./figure.js";
import type { Bench } from "./lab.js";

/** The time from blank machines to a class and to a first cell in milliseconds, with the events of swarmhub. */
export type SetupTime = { up: number; cell: number; events: string };

/** Sets up a class, logs in with a browser and runs a cell. */
export const measureFirstCell = async (
  bench: Bench,
  up: () => Promise<unknown>,
): Promise<SetupTime> => {
  const started = performance.now();
  const events = String(await up());
  const isUp = performance.now();
  const browser = await openBrowser(bench.lab);
  try {
    const page = await openJupyterLab(
      browser,
      `https://${bench.lab.address(1)}`,
      "alice",
      roomPassword,
    );
    await newNotebook(page);
    const answer = await runCell(page, "print(6 * 7)");
    if (answer !== "42") throw new Error(`the first cell printed ${answer}`);
    return { up: isUp - started, cell: performance.now() - started, events };
  } finally {
    await browser.close();
  }
};

/** The time that `swarmhub up` spent in each part, with its longest steps, from its events. */
export const stepTimes = (events: string): string => {
  const all = events
    .split("\n")
    .filter((text) => text.startsWith("{"))
    .map((text) => JSON.parse(text) as Partial<Step>);
  const steps = all.filter(({ type }) => type === "step-done") as Step[];
  const lines = (all.filter(({ type }) => type === "piece-done") as Step[])
    .filter(({ piece }) => steps.some((step) => step.piece === piece))
    .map(({ piece, ms }) => {
      const its = steps
        .filter((step) => step.piece === piece)
        .toSorted((one, other) => other.ms - one.ms);
      const longest = its
        .slice(0, 4)
        .map((step) => `${step.host} ${step.title} ${seconds(step.ms)}`);
      return `- ${piece}, ${seconds(ms)}: ${longest.join("; ")}`;
    });
  return [
    `${steps.length} steps, half of them within ${seconds(median(steps.map(({ ms }) => ms)))}.`,
    ...lines,
    "",
  ].join("\n");
};

type Step = { type: string; piece: string; host: string; title: string; ms: number };
