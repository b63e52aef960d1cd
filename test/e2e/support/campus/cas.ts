import type { Browser, BrowserContext, Page } from "playwright-core";
import type { LoginSite } from "../login/site.js";
import { tryDemotion, tryLeaving } from "./demotion.js";
import type { CampusServers, Fault } from "./servers.js";
import { expect, hub, isIn, isOut, refusalOn, statusOf, step } from "./steps.js";

/** Answers the form of the CAS server. */
const answer = async (page: Page, name: string): Promise<void> => {
  await page.fill("[name=username]", name);
  await page.fill("[name=password]", `${name}-password`);
  await page.press("[name=password]", "Enter");
};

const start = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.click("text=Sign in with Example University");
  return page;
};

const signIn = async (context: BrowserContext, name: string): Promise<Page> => {
  const page = await start(context);
  await answer(page, name);
  return page;
};

/** Logs in at a real CAS server in every way. */
export const tryCas = async (
  browser: Browser,
  campus: CampusServers,
  site: LoginSite,
): Promise<void> => {
  const [ada, second] = [await browser.newContext(), await browser.newContext()];
  let page = await signIn(ada, "ada");
  await step("cas: a member is in, and no ticket is in the address", async () => {
    await isIn(page);
    expect(page.url(), `${hub}/hub/home`);
  });
  page = await signIn(await browser.newContext(), "bob");
  await step("cas: somebody else is refused", () =>
    refusalOn(page, "You logged in as bob. The class geo-101 is open to members of geo-101."),
  );
  await step("cas: another account is asked for, and gets in", async () => {
    await page.click("text=Sign in with another account");
    await answer(page, "prof");
    await page.waitForURL(/geo\.example\.org\/(hub\/(spawn|home)|user\/)/);
    await page.goto(`${hub}/hub/home`);
    expect(await statusOf(page, "/hub/api/users"), 200);
  });
  const admin = page;
  await step("cas: a log-out at the university ends all logins of its user", async () => {
    await isIn(await signIn(second, "ada"));
    page = await second.newPage();
    await page.goto(`${campus.address}/cas/logout`);
    await page.waitForLoadState();
    for (let turn = 0; turn < 50 && !(await isOut(ada)); turn += 1) await page.waitForTimeout(100);
    expect((await isOut(ada)) && (await isOut(second)), true);
    expect(await statusOf(admin, "/hub/api/users"), 200);
  });
  await step("cas: a log-out here is one at the university", async () => {
    page = await start(ada);
    await isIn(page);
    await page.click("#logout");
    // The CAS server sends the browser back to the login page.
    await page.waitForURL(/\/cas\/logout|\/hub\/login/);
    page = await start(ada);
    await page.locator("[name=username]").waitFor();
  });
  await tryFaults(browser, campus, admin);
  const way = { method: "cas", newBrowser: () => browser.newContext(), signIn };
  await tryDemotion(way, site, { admins: ["prof"], allowedGroups: ["geo-101"] });
  await tryLeaving(
    way,
    () => campus.setGroups("ada", ["staff"]),
    async (context) =>
      refusalOn(await signIn(context, "ada"), "You logged in as ada. The class geo-101 is open to"),
  );
};

const tryFaults = async (browser: Browser, campus: CampusServers, admin: Page): Promise<void> => {
  const fault = (next: Fault) => () => campus.setFault(next);
  const silent = "Example University does not answer. Try again in a minute.";
  const faults: [string, () => unknown, string][] = [
    ["nonsense", fault("nonsense"), "does not understand"],
    ["an error", fault("error"), silent],
    ["silence", fault("silent"), silent],
    ["a server that is down", fault("down"), silent],
    ["an expired certificate", () => campus.setExpired(true), "its certificate is not valid"],
  ];
  for (const [what, begin, words] of faults) {
    const page = await start(await browser.newContext());
    await page.locator("[name=username]").waitFor();
    await begin();
    await step(`cas: ${what} is a sentence`, async () => {
      await answer(page, "ada");
      await refusalOn(page, words);
    });
    await step(`cas: during ${what}, those who are in go on`, async () =>
      expect(await statusOf(admin, "/hub/api/users"), 200),
    );
    await campus.setFault("");
    campus.setExpired(false);
    await step(`cas: after ${what}, a login works`, async () => {
      await page.click("text=Sign in again");
      await page.waitForURL(/geo\.example\.org\/(hub\/(spawn|home)|user\/)/);
    });
  }
};
