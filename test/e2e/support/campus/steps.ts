import type { BrowserContext, Page } from "playwright-core";
import { domain } from "../login/site.js";

/** The address of the class. */
export const hub = `https://${domain}`;

/** What each step saw: "ok", or what was wrong. */
export const seen: Record<string, string> = {};

/** Records a step. */
export const step = async (title: string, work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
    seen[title] = "ok";
  } catch (error) {
    seen[title] = String(error).slice(0, 1500);
  }
};

/** Throws where a value is another one. */
export const expect = (actual: unknown, wanted: unknown): void => {
  if (actual !== wanted) throw new Error(`${String(actual)} instead of ${String(wanted)}`);
};

/** Waits until the page is the home page of somebody. */
export const isIn = (page: Page): Promise<void> =>
  page
    .waitForURL(`${hub}/hub/home`, { timeout: 30_000 })
    .then(() => page.locator("#logout").waitFor());

/** Whether a browser is logged in now. */
export const isOut = async (context: BrowserContext): Promise<boolean> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/home`);
  const isIt = !(await page.locator("#logout").isVisible());
  await page.close();
  return isIt;
};

/** Waits for a refusal with these words, on a page of its own or in the form. */
export const refusalOn = async (page: Page, words: string): Promise<void> => {
  const alert = page.locator("#sign-in-refused .alert, .login_error").first();
  await alert.waitFor({ timeout: 30_000 });
  const text = (await alert.textContent()) ?? "";
  if (!text.includes(words)) throw new Error(`"${text}" instead of "${words}"`);
};

/** Asks the hub's API in the page; the status. */
export const statusOf = (page: Page, path: string): Promise<number> =>
  page.evaluate(
    `fetch(${JSON.stringify(path)}, {headers: {"X-XSRFToken": window.jhdata.xsrf_token}}).then(({status}) => status)`,
  );

/** Makes a token as its user does on the page Token. */
export const tokenOf = (page: Page, user: string): Promise<string> =>
  page.evaluate(
    `fetch("/hub/api/users/${user}/tokens", {method: "POST", headers: {"X-XSRFToken": window.jhdata.xsrf_token}}).then((answer) => answer.json()).then(({token}) => token)`,
  );

/** Asks the hub's API with a token, and without the cookies of the browser; the status. */
export const statusWithToken = (page: Page, path: string, token: string): Promise<number> =>
  page.evaluate(
    `fetch(${JSON.stringify(path)}, {credentials: "omit", headers: {Authorization: "token " + ${JSON.stringify(token)}}}).then(({status}) => status)`,
  );
