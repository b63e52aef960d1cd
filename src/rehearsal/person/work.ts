import { setTimeout as pause } from "node:timers/promises";
import type { Notebook } from "../notebook.js";
import { type CellEnd, type Kernel, openKernel } from "./kernel.js";
import type { Lab } from "./lab.js";
import type { PersonResult } from "./result.js";

const file = "rehearsal.ipynb";
const optional: readonly number[] = [403, 404];

/** Puts the notebook into the home and opens it with a kernel, as JupyterLab does. */
export const openNotebook = async (
  lab: Lab,
  { content, kernel: wanted }: Notebook,
  signal: AbortSignal,
): Promise<Kernel> => {
  await lab.call("PUT", `api/contents/${file}`, { type: "notebook", format: "json", content });
  await lab.call("GET", `api/contents/${file}?type=notebook&content=0`);
  await lab.call("GET", `api/contents/${file}?type=notebook&content=1`);
  await Promise.all([1, 2, 3].map(() => lab.call("GET", `api/contents/${file}/checkpoints`)));
  const name = kernelFor((await lab.call("GET", "api/kernelspecs")).body, wanted);
  const { body } = await lab.call("POST", "api/sessions", {
    path: file,
    name: file,
    type: "notebook",
    kernel: { name },
  });
  await lab.call("GET", "api/sessions");
  return openKernel(lab, kernelIn(body), signal);
};

const kernelFor = (body: string, wanted: string | undefined): string => {
  const found = JSON.parse(body) as { default?: unknown; kernelspecs?: object } | null;
  if (wanted !== undefined && Object.hasOwn(found?.kernelspecs ?? {}, wanted)) return wanted;
  if (typeof found?.default === "string") return found.default;
  throw new Error("the image has no kernel");
};

const kernelIn = (body: string): string => {
  const found = JSON.parse(body) as { kernel?: { id?: unknown } } | null;
  if (typeof found?.kernel?.id === "string") return found.kernel.id;
  throw new Error("the server did not start a kernel");
};

/** Saves the notebook, as JupyterLab does. */
export const save = async (
  lab: Lab,
  { content }: Notebook,
  { times }: PersonResult,
): Promise<void> => {
  const began = performance.now();
  await lab.call("GET", `api/contents/${file}?type=notebook&content=0`);
  await lab.call("PUT", `api/contents/${file}`, { type: "notebook", format: "json", content });
  await lab.call("GET", `api/contents/${file}?type=notebook&content=0`);
  await lab.call("GET", `api/contents/${file}/checkpoints`);
  await lab.call("POST", `api/contents/${file}/checkpoints`);
  times.save.push(performance.now() - began);
};

/** What JupyterLab asks every ten seconds while its tab is visible. Every minute it asks for the memory 24 times. */
const everyTenSeconds = [
  "api/kernels",
  "api/sessions",
  "api/terminals",
  "lab/api/workspaces",
  "api/contents?content=1",
];
const metrics = "api/metrics/v1";
const roundMs = 10_000;
const saveEvery = 12;
const cellEvery = 3;

/** The clock of whoever works: Unix milliseconds, and a pause that ends early at the signal. */
type Clock = {
  now: () => number;
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
};

const systemClock: Clock = {
  now: () => Date.now(),
  pause: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
};

type Work = { until: number; signal: AbortSignal; result: PersonResult; clock?: Clock };

/** Works until a moment (Unix milliseconds) or the signal: requests as of an open tab, a cell every 30 s, a save every 2 min. */
export const workUntil = async (
  lab: Lab,
  kernel: Kernel,
  notebook: Notebook,
  { until, signal, result, clock = systemClock }: Work,
): Promise<CellEnd> => {
  const { now } = clock;
  const ask = async (path: string): Promise<void> => {
    const { ms } = await lab.call("GET", path, undefined, optional);
    result.times.answer.push(ms);
  };
  for (let round = 1; now() < until && !signal.aborted; round += 1) {
    const next = Math.min(now() + roundMs, until);
    await Promise.all(everyTenSeconds.map(ask));
    await lab.call("PUT", "lab/api/workspaces/default", workspace, optional);
    if (round % cellEvery === 0) {
      const end = await kernel.run("sum(range(100_000))");
      if (end.kind === "ended") return end;
    }
    if (round % saveEvery === 0) await save(lab, notebook, result);
    while (now() < next && !signal.aborted) {
      await ask(metrics);
      await clock.pause(Math.max(0, Math.min(2500, next - now())), signal);
    }
  }
  return { kind: "ok" };
};

const workspace = { data: {}, metadata: { id: "default" } };
