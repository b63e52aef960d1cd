import { setTimeout as pause } from "node:timers/promises";
import { type Browser, createBrowser } from "../../src/rehearsal/browser/browser.js";
import { followInHub } from "../../src/rehearsal/browser/hub-pages.js";
import { openLab } from "../../src/rehearsal/person/lab.js";
import { Refused, followStart } from "../../src/rehearsal/browser/start-progress.js";

/** The address of a class, `https://…` or `http://…`, and its shared password. */
export type Site = { address: string; password: string };

/** The stages of a login with a server, in Unix milliseconds; it ends with `answered`, `message` or `failure`. */
export type LoginResult = {
  user: string;
  started: number;
  loggedIn?: number;
  /** The hub reported that the server is ready. */
  ready?: number;
  /** The server itself answered through the edge. */
  answered?: number;
  /** JupyterLab had loaded its files and made its first requests. */
  usable?: number;
  /** The message of the hub for a user without a server. */
  message?: string;
  /** The technical error without a message for the user. */
  failure?: string;
  /** How often the page was reloaded, because the hub or the edge did not answer. */
  reloads: number;
};

/**
 * Logs in like a browser, starts a server and waits until it answers, with `isLab` until JupyterLab can be used; never throws. A message of the hub ends the login. After
 * an error or a status 5xx the page is reloaded up to `reloads` times, within `deadline` milliseconds.
 */
export const simulateLogin = async (
  site: Site,
  user: string,
  { deadline = 300_000, reloads = 0, isLab = false } = {},
): Promise<LoginResult> => {
  const result: LoginResult = { user, started: Date.now(), reloads: 0 };
  const end = result.started + deadline;
  const browser = createBrowser({ address: site.address, verify: false }, end);
  try {
    for (;;) {
      const failure = await attempt(browser, end, { password: site.password, isLab }, result);
      if (failure === undefined) return result;
      if (result.reloads === reloads || Date.now() >= end) return { ...result, failure };
      result.reloads += 1;
      // Like the page that waits for a start.
      await pause(3000);
    }
  } finally {
    browser.close();
  }
};

/** Returns the failure; undefined if the login ended, with its end in the result. */
const attempt = async (
  browser: Browser,
  end: number,
  options: { password: string; isLab: boolean },
  result: LoginResult,
): Promise<string | undefined> => {
  try {
    await logInAndStart(browser, end, options, result);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) return error instanceof Error ? error.message : String(error);
    result.message = error.message;
    return undefined;
  }
};

const logInAndStart = async (
  browser: Browser,
  end: number,
  options: { password: string; isLab: boolean },
  result: LoginResult,
) => {
  const { user } = result;
  const { password, isLab } = options;
  const name = user.toLowerCase();
  if (result.loggedIn === undefined) {
    await followInHub(browser, await browser.request("/hub/login"));
    const form = { username: user, password, mine: "yes", _xsrf: browser.xsrf("/hub/login") };
    const post = { method: "POST", form };
    const answer = await browser.request("/hub/login?next=%2Fhub%2Fspawn", post);
    if (answer.location === undefined) await followInHub(browser, answer);
    result.loggedIn = Date.now();
  }
  const { server } = await followInHub(browser, await browser.request("/hub/spawn"));
  if (server === undefined) await followStart(browser, name);
  result.ready ??= Date.now();
  for (;;) {
    const { status } = await browser.request(`/user/${encodeURIComponent(name)}/api`, {
      purpose: "data",
    });
    if (status === 200) break;
    if (Date.now() >= end) throw new Error(`the server has status ${status}`);
    await pause(250);
  }
  result.answered = Date.now();
  if (!isLab) return;
  const { events } = await openLab(browser, name);
  result.usable = Date.now();
  events.close();
};
