import { printable } from "../../text/format.js";
import { type Browser, type Site, createBrowser } from "../browser/browser.js";
import { Refused } from "../browser/start-progress.js";
import type { Notebook } from "../notebook.js";
import type { CellEnd, Kernel } from "./kernel.js";
import { type Lab, openLab } from "./lab.js";
import { type Failure, type PersonResult, type Phase, emptyResult } from "./result.js";
import { type Guest, logIn, startServer } from "./start.js";
import { openNotebook, save, workUntil } from "./work.js";

/** What a person does after the login; `end` and `deadline` are Unix milliseconds. */
export type Visit = {
  site: Site;
  notebook: Notebook;
  /** When the work of a person who came in at a moment ends. */
  workUntil: (ready: number) => number;
  /** When everybody leaves. */
  deadline: number;
  signal: AbortSignal;
  /** Called when a phase begins. */
  onPhase: (phase: Phase) => void;
};

/** Brings a person to a server that runs; sets `ready` if JupyterLab is there already. */
export type Come = (
  browser: Browser,
  guest: Guest,
  seen: { result: PersonResult; enter: (phase: Phase) => void },
) => Promise<void>;

/** Logs in and starts the server. */
export const come: Come = async (browser, guest, { result, enter }) => {
  enter("login");
  const loggedIn = await logIn(browser, guest, result);
  enter("start");
  await startServer(browser, guest, loggedIn, { result, enter });
};

/** Visits the class as one person; never throws. The server is left running, as a person leaves it. */
export const visit = async (guest: Guest, plan: Visit, arrive = come): Promise<PersonResult> => {
  const result = emptyResult(guest.name, Date.now());
  const browser = createBrowser(plan.site, plan.deadline, plan.signal);
  let phase: Phase = "login";
  const enter = (next: Phase): void => {
    phase = next;
    plan.onPhase(next);
  };
  try {
    await arrive(browser, guest, { result, enter });
    const failure = await attend(browser, guest, plan, result, enter);
    if (failure !== undefined) result.failure = failure;
  } catch (error) {
    result.failure = failureOf(error, phase, result, plan);
  } finally {
    browser.close();
    const { requests, bytes } = browser.traffic();
    Object.assign(result, { requests, bytes });
  }
  return result;
};

/** The visit from JupyterLab on; returns why it ended early because of the notebook. */
const attend = async (
  browser: Browser,
  guest: Guest,
  plan: Visit,
  result: PersonResult,
  enter: (phase: Phase) => void,
): Promise<Failure | undefined> => {
  const { notebook, signal } = plan;
  const timed = async <Value>(phase: Phase, work: Promise<Value>): Promise<Value> => {
    const began = performance.now();
    const value = await work;
    result.times[phase].push(performance.now() - began);
    return value;
  };
  enter("JupyterLab");
  const opening = openLab(browser, guest.name);
  const lab = result.ready === undefined ? await timed("JupyterLab", opening) : await opening;
  result.ready ??= Date.now();
  let kernel: Kernel | undefined;
  try {
    enter("notebook");
    kernel = await timed("notebook", openNotebook(lab, notebook, signal));
    enter("cell");
    const failure = await runCells(kernel, notebook, result);
    if (failure !== undefined) return failure;
    enter("save");
    await save(lab, notebook, result);
    enter("answer");
    return endedFailure(await work(lab, kernel, plan, result), "answer");
  } finally {
    kernel?.close();
    lab.events.close();
  }
};

const work = (lab: Lab, kernel: Kernel, plan: Visit, result: PersonResult): Promise<CellEnd> => {
  const until = Math.min(plan.workUntil(result.ready ?? Date.now()), plan.deadline);
  return workUntil(lab, kernel, plan.notebook, { until, signal: plan.signal, result });
};

/** Runs the notebook from the top to its first cell that does not end well. */
const runCells = async (
  kernel: Kernel,
  { cells }: Notebook,
  result: PersonResult,
): Promise<Failure | undefined> => {
  for (const [index, code] of cells.entries()) {
    const began = performance.now();
    const end = await kernel.run(code);
    result.times.cell.push(performance.now() - began);
    if (end.kind !== "ok") return endedFailure(end, "cell", index + 1);
    result.cells = index + 1;
  }
  return undefined;
};

const endedFailure = (end: CellEnd, phase: Phase, cell?: number): Failure | undefined => {
  if (end.kind === "ok") return undefined;
  const where = cell === undefined ? {} : { cell };
  return end.kind === "ended" || /^MemoryError\b/.test(end.text)
    ? {
        kind: "memory",
        phase,
        ...where,
        sentence: end.kind === "ended" ? "The kernel was ended." : end.text,
      }
    : { kind: "cell", phase, ...where, sentence: end.text };
};

const failureOf = (
  error: unknown,
  phase: Phase,
  result: PersonResult,
  { signal, deadline }: Visit,
): Failure => {
  if (error instanceof Refused) return { kind: "refused", phase, sentence: error.message };
  const isOver = signal.aborted || Date.now() >= deadline;
  if (phase === "queue" && isOver)
    return {
      kind: "queue",
      phase,
      sentence: `All seats were taken: number ${result.place ?? 1} in the queue.`,
    };
  const sentence = printable(error instanceof Error ? error.message : String(error)).slice(0, 300);
  if (signal.aborted) return { kind: "interrupted", phase, sentence: "The rehearsal was stopped." };
  const cell = phase === "cell" ? { cell: result.cells + 1 } : {};
  return { kind: "connection", phase, ...cell, sentence };
};
