import type { Answer, Browser } from "./browser.js";
import { pageText } from "./page-text.js";
import { Refused } from "./start-progress.js";

const mostRedirects = 12;

/**
 * Follows the redirects of the hub from an answer, but not to a user's server, whose address it returns as `server`. Throws Refused with
 * the sentence of a page that refuses (4xx), and an error for a hub or an edge that does not work (5xx).
 */
export const followInHub = async (
  browser: Browser,
  first: Answer,
): Promise<{ answer: Answer; server: URL | undefined }> => {
  let answer = first;
  for (let turn = 0; answer.location !== undefined && turn < mostRedirects; turn += 1) {
    const next = new URL(answer.location, answer.url);
    if (next.pathname.startsWith("/user/")) return { answer, server: next };
    answer = await browser.request(next);
  }
  if (answer.status >= 500) throw new Error(`${answer.status}: ${pageText(answer.body)}`);
  if (answer.status >= 400) throw new Refused(`${answer.status}: ${pageText(answer.body)}`);
  return { answer, server: undefined };
};
