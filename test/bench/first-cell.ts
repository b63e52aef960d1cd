import { logIn, newNotebook, openBrowser, runCell } from "../e2e/support/browser.js";
import { roomPassword } from "../e2e/support/lab.js";
import { median, seconds } from "./figure.js";
import type { Bench } from "./lab.js";

/** A way from blank machines to a class, and how long it took to get there and to a first cell. Milliseconds. */
export type Way = { up: number; cell: number; said: string };

/** Does it, then logs in with a browser and runs a cell. */
export const wayToFirstCell = async (bench: Bench, up: () => Promise<unknown>): Promise<Way> => {
  const begun = performance.now();
  const said = String(await up());
  const isUp = performance.now();
  const browser = await openBrowser(bench.lab);
  try {
    const page = await logIn(browser, `https://${bench.lab.address(1)}`, "alice", roomPassword);
    await newNotebook(page);
    const answer = await runCell(page, "print(6 * 7)");
    if (answer !== "42") throw new Error(`the first cell says ${answer}`);
    return { up: isUp - begun, cell: performance.now() - begun, said };
  } finally {
    await browser.close();
  }
};

/** Where `swarmhub up` spent its time: pieces in order, each with its longest steps. From its events. */
export const stepByStep = (events: string): string => {
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
