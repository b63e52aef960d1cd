import type { Answer, Browser } from "../browser/browser.js";
import { followInHub } from "../browser/hub-pages.js";
import { filesOf } from "../browser/page-text.js";
import { followStart } from "../browser/start-progress.js";
import type { PersonResult, Phase } from "./result.js";

/** A person of a rehearsal in the hub: the ticket lets them in once. */
export type Guest = { name: string; ticket: string };

/** Opens the login page and comes in with the ticket. Returns the hub's answer to that. */
export const logIn = async (
  browser: Browser,
  { ticket }: Guest,
  { times }: PersonResult,
): Promise<Answer> => {
  const began = performance.now();
  await loadPage(browser, await openLogin(browser));
  const answer = await browser.request("/hub/rehearsal?next=%2Fhub%2Fspawn", {
    method: "POST",
    form: { ticket },
  });
  if (answer.location === undefined) await followInHub(browser, answer);
  times.login.push(performance.now() - began);
  return answer;
};

/** The login page; where the hub sends everybody on to an institution, its answer. */
const openLogin = async (browser: Browser): Promise<Answer> => {
  const answer = await browser.request("/hub/login?next=%2Fhub%2Fspawn");
  if (answer.status >= 500) await followInHub(browser, answer);
  return answer;
};

const loadPage = async (browser: Browser, page: Answer): Promise<void> => {
  await Promise.all(filesOf(page.body).map((path) => browser.request(path, { purpose: "file" })));
};

/** Starts the server and waits until it is ready, in the queue too. */
export const startServer = async (
  browser: Browser,
  { name }: Guest,
  loggedIn: Answer,
  { result, enter }: { result: PersonResult; enter: (phase: Phase) => void },
): Promise<void> => {
  const began = performance.now();
  let queued = 0;
  let queuedSince: number | undefined;
  const leaveQueue = (): void => {
    if (queuedSince === undefined) return;
    queued += performance.now() - queuedSince;
    queuedSince = undefined;
    enter("start");
  };
  const { server } = await choose(browser, await followInHub(browser, loggedIn));
  if (server === undefined)
    await followStart(browser, name, ({ message }) => {
      const place = placeIn(message);
      if (place === undefined) return leaveQueue();
      if (queuedSince === undefined) {
        queuedSince = performance.now();
        enter("queue");
      }
      result.place = Math.max(result.place ?? 0, place);
    });
  leaveQueue();
  if (queued > 0) result.times.queue.push(queued);
  result.times.start.push(performance.now() - began - queued);
};

type Followed = Awaited<ReturnType<typeof followInHub>>;

/** Where the class offers several images, the hub asks first: with the image that is selected. */
const choose = async (browser: Browser, followed: Followed): Promise<Followed> => {
  const { body, url } = followed.answer;
  const [, action] =
    /<form[^>]{0,200}id="spawn_form"[^>]{0,200}action="([^"]{1,400})"/.exec(body) ?? [];
  if (action === undefined) {
    await loadPage(browser, followed.answer);
    return followed;
  }
  const [, choice] = /name="choice" value="([^"]{1,200})" checked/.exec(body) ?? [];
  const answer = await browser.request(new URL(action.replaceAll("&amp;", "&"), url), {
    method: "POST",
    form: choice === undefined ? {} : { choice: choice.replaceAll("&amp;", "&") },
  });
  return followInHub(browser, answer);
};

/** The number in the sentence of somebody who waits (hub/swarmhub/spawning/seat_queue.py). */
const placeIn = (message: string): number | undefined => {
  if (/You are next in the queue/.test(message)) return 1;
  const [, place] = /You are number (\d{1,4}) in the queue/.exec(message) ?? [];
  return place === undefined ? undefined : Number(place);
};
