import type { BrowserContext, Page } from "playwright-core";
import { domain } from "../origin/subdomains-site.js";

/** The address of the class. */
export const hub = `https://${domain}`;

/** Logs in, and opens the hub's page. */
export const logIn = async (
  context: BrowserContext,
  user: string,
  password: string,
): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  // The login page asks a browser that is new under a name in use whether the name is its own.
  const yes = page.locator("#is-it-yours input[type=submit]");
  await yes.or(page.locator("#home-page, #start, #stop").first()).first().waitFor();
  if (await yes.isVisible()) await yes.click();
  await page.waitForURL(`${hub}/hub/home`);
  return page;
};

/** Announces a text on the page of the room. */
export const say = async (room: Page, text: string): Promise<void> => {
  await room.click("#announce");
  await room.fill("#announcing-text", text);
  await room.click("#announcing-form button[type=submit]");
};
