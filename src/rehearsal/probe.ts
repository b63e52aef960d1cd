import { setTimeout as pause } from "node:timers/promises";
import { printable } from "../text/format.js";
import { type Tab, startChromium } from "./browser/chromium.js";
import { type Visit, visit } from "./person/person.js";
import { type Failure, type PersonResult, type Phase, emptyResult } from "./person/result.js";
import type { Guest } from "./person/start.js";

/** One person with a real browser: the program, times in milliseconds, and why a time is missing. */
export type BrowserVisit = {
  program: string;
  /** Until the hub had let the person in. */
  login?: number;
  /** From then until the server was there, in the queue too. */
  start?: number;
  /** From then until something could be done in JupyterLab. */
  JupyterLab?: number;
  failure?: string;
};

/**
 * Comes in with the Chromium `program`, waits until JupyterLab can be used, and stays as long as the others work; never throws. Without a
 * Chromium that starts, the person comes without it.
 */
export const visitInBrowser = async (
  guest: Guest,
  program: string,
  plan: Visit,
): Promise<{ result: PersonResult; browser: BrowserVisit }> => {
  const result = emptyResult(guest.name, Date.now());
  const browser: BrowserVisit = { program: "Chromium" };
  let phase: Phase = "login";
  const enter = (next: Phase): void => {
    phase = next;
    if (next === "queue") result.place ??= 1;
    plan.onPhase(next);
  };
  enter("login");
  const started = await startChromium(program, plan.site).catch(sentenceOf);
  if (typeof started === "string") {
    browser.failure = `Chromium did not start: ${started}`;
    return { result: await visit(guest, plan), browser };
  }
  browser.program = started.name;
  try {
    await comeIn(started, guest, { ...plan, onPhase: enter }, browser);
    result.ready = Date.now();
    await stay(plan, result.ready);
  } catch (error) {
    const sentence = plan.signal.aborted
      ? "It was stopped before JupyterLab could be used."
      : sentenceOf(error);
    browser.failure = sentence;
    result.failure = {
      kind: failureKind(phase, plan),
      phase,
      sentence: `In a browser: ${sentence}`,
    };
  } finally {
    await started.close().catch(() => {});
  }
  return { result, browser };
};

const failureKind = (phase: Phase, { signal }: Visit): Failure["kind"] => {
  if (phase === "queue") return "queue";
  return signal.aborted ? "interrupted" : "refused";
};

const sentenceOf = (error: unknown): string =>
  printable(error instanceof Error ? error.message : String(error)).slice(0, 300);

const comeIn = async (tab: Tab, guest: Guest, plan: Visit, seen: BrowserVisit): Promise<void> => {
  const lab = new URL(`/user/${encodeURIComponent(guest.name)}/lab`, plan.site.address);
  const began = performance.now();
  plan.onPhase("login");
  // A provider of accounts, to which the login page of some classes leads, is a name that this browser does not resolve.
  await tab.open(new URL("/hub/login?next=%2Fhub%2Fspawn", lab)).catch(() => {});
  await tab.post(new URL("/hub/rehearsal?next=%2Fhub%2Fspawn", lab), { ticket: guest.ticket });
  const loggedIn = performance.now();
  seen.login = loggedIn - began;
  plan.onPhase("start");
  const path = await waitFor(tab, plan, isAtServer(guest.name));
  const started = performance.now();
  seen.start = started - loggedIn;
  plan.onPhase("JupyterLab");
  // A class may begin with another page (servers.start).
  if (!/^\/user\/[^/]+\/lab/.test(path)) await tab.open(lab);
  await waitFor(tab, { ...plan, deadline: Math.min(plan.deadline, Date.now() + labMs) }, isUsable);
  seen.JupyterLab = performance.now() - started;
  plan.onPhase("answer");
};

/** Answers `done` with a text, `queue`, or the sentence of a failure. */
type Look = { done?: string; queue?: boolean; failed?: string };

const everyMs = 100;
/** Nobody waits longer for a JupyterLab whose server is there. */
const labMs = 300_000;

/** Looks at the page until it is as expected, and returns its text; throws with the sentence of a page that refuses. */
const waitFor = async (
  tab: Tab,
  { deadline, signal, onPhase }: Visit,
  expression: string,
): Promise<string> => {
  let wasQueued = false;
  for (;;) {
    // While a page is replaced, it has no values.
    const found = ((await tab.value(expression).catch(ended)) ?? {}) as Look;
    if (found.done !== undefined) return found.done;
    if (found.failed !== undefined) throw new Error(found.failed);
    if ((found.queue === true) !== wasQueued) {
      wasQueued = !wasQueued;
      onPhase(wasQueued ? "queue" : "start");
    }
    signal.throwIfAborted();
    if (Date.now() > deadline) throw new Error("it could not be used in time");
    await pause(everyMs);
  }
};

const ended = (error: Error): undefined => {
  if (/has ended|does not answer/.test(error.message)) throw error;
  return undefined;
};

/** The pages of the hub until the server is there; a class with several images asks for one first. */
const isAtServer = (name: string): string => `(() => {
  if (location.pathname.startsWith(${JSON.stringify(`/user/${encodeURIComponent(name)}/`)}))
    return { done: location.pathname };
  const choice = document.querySelector("#spawn_form");
  if (choice && !window.isSent && document.readyState === "complete") { window.isSent = true; choice.submit(); }
  const said = document.querySelector("#progress-message")?.innerText ?? "";
  const refused = document.querySelector(".error, .spawn-error-msg")?.innerText;
  const failed = document.querySelector("#progress-bar.bg-danger") ? said : refused;
  if (failed !== undefined) return { failed: failed.trim().slice(0, 300) || "the start failed" };
  return { queue: /in the queue/.test(said) };
})()`;

/** A card of the launcher, or a document, that nothing covers. */
const isUsable = `(() => {
  const parts = document.querySelectorAll("#jp-main-dock-panel .jp-LauncherCard, #jp-main-dock-panel .jp-Document");
  const shown = [...parts].some((part) => {
    const { x, y, width, height } = part.getBoundingClientRect();
    return width > 0 && part.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  });
  return shown ? { done: "" } : {};
})()`;

/** The tab stays open, as those of others. */
const stay = async ({ workUntil, deadline, signal }: Visit, ready: number): Promise<void> => {
  const left = Math.min(workUntil(ready), deadline) - Date.now();
  await pause(Math.max(0, left), undefined, { signal }).catch(() => {});
};
