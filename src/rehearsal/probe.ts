import { setTimeout as pause } from "node:timers/promises";
import { printable } from "../text/format.js";
import { type Tab, startChromium } from "./browser/chromium.js";
import { Refused } from "./browser/start-progress.js";
import { type Visit, come, visit } from "./person/person.js";
import type { PersonResult, Phase } from "./person/result.js";
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
 * Visits the class as one person who comes with the Chromium `program`, until JupyterLab can be used; from there on like all others. Never
 * throws. Without a Chromium that starts, the person comes like all others too.
 */
export const visitInBrowser = async (
  guest: Guest,
  program: string,
  plan: Visit,
): Promise<{ result: PersonResult; browser: BrowserVisit }> => {
  const seen: BrowserVisit = { program: "Chromium" };
  const result = await visit(guest, plan, async (browser, _guest, { result: mine, enter }) => {
    enter("login");
    const tab = await startChromium(program, plan.site).catch(sentenceOf);
    if (typeof tab === "string") {
      seen.failure = `Chromium did not start: ${tab}`;
      return come(browser, guest, { result: mine, enter });
    }
    seen.program = tab.name;
    try {
      const onPhase = (phase: Phase): void => {
        if (phase === "queue") mine.place ??= 1;
        enter(phase);
      };
      await comeIn(tab, guest, { ...plan, onPhase }, seen);
      mine.ready = Date.now();
      browser.adopt(await tab.cookies(new URL("/hub/", plan.site.address)));
    } catch (error) {
      seen.failure = sentenceOf(error);
      throw error;
    } finally {
      await tab.close().catch(() => {});
    }
  });
  return { result, browser: seen };
};

const sentenceOf = (error: unknown): string =>
  printable(error instanceof Error ? error.message : String(error)).slice(0, 300);

const comeIn = async (tab: Tab, guest: Guest, plan: Visit, seen: BrowserVisit): Promise<void> => {
  const lab = new URL(`/user/${encodeURIComponent(guest.name)}/lab`, plan.site.address);
  const began = performance.now();
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
    if (found.failed !== undefined) throw new Refused(printable(found.failed).slice(0, 300));
    if ((found.queue === true) !== wasQueued) {
      wasQueued = !wasQueued;
      onPhase(wasQueued ? "queue" : "start");
    }
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new Refused("In a browser, JupyterLab could not be used in time.");
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
