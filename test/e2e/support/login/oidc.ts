import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { tryDemotion, tryLeaving } from "../campus/demotion.js";
import { expect, hub, isIn, refusalOn, seen, statusOf, step } from "../campus/steps.js";
import { openChromium } from "../chromium.js";
import { client, settingsFor } from "./oidc-class.js";
import { type OidcServer, startOidcServer } from "./oidc-server.js";
import { type LoginSite, domain, startLoginSite } from "./site.js";

// Chromium logs in to a class on loopback at a real provider of OpenID Connect (oidc-provider), and this program prints as JSON what
// it saw. It runs in a network namespace of its own: see ../isolated-program.ts.

const openBrowser = (site: LoginSite, provider: OidcServer): Promise<Browser> =>
  openChromium({ hosts: { [domain]: site.port }, keys: [site.key, ...provider.keys] });

/** Answers the provider's forms: the log-in, and what the class may know. */
const answerForms = async (page: Page, account: string): Promise<void> => {
  await page.fill("[name=login]", account);
  await page.fill("[name=password]", "any");
  await page.click("[type=submit]");
  const consent = page.getByRole("button", { name: "Continue" });
  await consent.or(page.locator("#sign-in-refused, #logout")).first().waitFor({ timeout: 30_000 });
  if (await consent.isVisible()) await consent.click();
};

/** Logs in as an account on the page where the hub's button is. */
const signIn = async (context: BrowserContext, account: string): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.click("text=Sign in with Example University");
  await answerForms(page, account);
  return page;
};

/** Waits for the end of a login that did not begin at a page of the hub, and goes to the user's server. */
const isInAfterAll = async (page: Page): Promise<void> => {
  await page.waitForURL(/geo\.example\.org\/(hub\/(spawn|home)|user\/)/, { waitUntil: "commit" });
  await page.goto(`${hub}/hub/home`);
  await isIn(page);
};

const accountOf = (name: string): string => (name === "prof" ? "p1" : "a1");

const main = async (): Promise<void> => {
  const provider = await startOidcServer(client);
  Object.assign(provider.accounts, {
    a1: { preferred_username: "ada", groups: ["/geo-101"] },
    a2: { preferred_username: "ada", groups: ["/geo-101"] },
    b1: { preferred_username: "bob", groups: ["/other"] },
    p1: { preferred_username: "prof" },
  });
  const secrets = { "login-secret": client.secret, "login-ca": provider.root };
  const site = await startLoginSite({ settings: settingsFor(provider), secrets });
  const browser = await openBrowser(site, provider);
  try {
    const ada = await browser.newContext();
    let page = await signIn(ada, "a1");
    await step("a member is in", () => isIn(page));
    await step("the cookies are only for HTTPS", async () => {
      const cookies = await ada.cookies(hub);
      expect(cookies.length > 0 && cookies.every(({ secure }) => secure), true);
    });
    await step("an ordinary user cannot list users", async () =>
      expect(await statusOf(page, "/hub/api/users"), 403),
    );
    await step("a second tab gets in without a question", async () => {
      const second = await ada.newPage();
      await second.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
      await isIn(second);
      await second.close();
    });
    await step("out, also at the provider, and back at the login page", async () => {
      await page.click("#logout");
      await page.getByRole("button", { name: "Yes, sign me out" }).click();
      await page.waitForURL(`${hub}/hub/login`);
      expect(
        (await ada.cookies(hub)).some(({ name }) => name.includes("id-token")),
        false,
      );
    });
    await step("in again, after the provider has asked for the account", async () => {
      await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
      await page.click("text=Sign in with Example University");
      await answerForms(page, "a1");
      await isIn(page);
    });
    const bob = await browser.newContext();
    page = await signIn(bob, "b1");
    await step("somebody else is refused", () =>
      refusalOn(page, "You logged in as bob at Example University. "),
    );
    await step("another account is asked for, and gets in", async () => {
      await page.click("text=Sign in with another account");
      await answerForms(page, "p1");
      await isInAfterAll(page);
    });
    await step("an admin can list users", async () =>
      expect(await statusOf(page, "/hub/api/users"), 200),
    );
    const admin = page;
    page = await signIn(await browser.newContext(), "a2");
    await step("a second account does not get the name of the first", () =>
      refusalOn(page, "The name ada belongs to another account of Example University"),
    );
    await step("the older of two tabs gets a way back", async () => {
      const context = await browser.newContext();
      const [older, newer] = [await context.newPage(), await context.newPage()];
      for (const tab of [older, newer]) {
        await tab.goto(`${hub}/hub/login`);
        await tab.click("text=Sign in with Example University");
        await tab.locator("[name=login]").waitFor();
      }
      await answerForms(older, "a1");
      await refusalOn(older, "started in another window");
      await older.click("a:text('Sign in again')");
      await isInAfterAll(older);
    });
    const faults: [string, () => unknown, string, () => unknown][] = [
      [
        "nonsense",
        () => provider.setFault("nonsense"),
        "does not understand",
        () => provider.setFault(""),
      ],
      [
        "an error",
        () => provider.setFault("error"),
        "does not understand",
        () => provider.setFault(""),
      ],
      [
        "silence",
        () => provider.setFault("silent"),
        "Example University does not answer. Try again",
        () => provider.setFault(""),
      ],
      [
        "an expired certificate",
        () => provider.setExpired(true),
        "its certificate is not valid",
        () => provider.setExpired(false),
      ],
    ];
    for (const [what, begin, words, end] of faults) {
      const context = await browser.newContext();
      page = await context.newPage();
      await page.goto(`${hub}/hub/oauth_login?next=%2Fhub%2Fhome`);
      await page.locator("[name=login]").waitFor();
      begin();
      await step(`${what} of the provider is a sentence`, async () => {
        await answerForms(page, "a1");
        await refusalOn(page, words);
      });
      await step(`during ${what}, those who are in go on`, async () =>
        expect(await statusOf(admin, "/hub/api/users"), 200),
      );
      end();
      await step(`after ${what}, a login works`, async () => {
        await page.click("a:text('Sign in again')");
        await isInAfterAll(page);
      });
    }
    await step("the log has no code and no token", async () => {
      const log = await readFile(site.state().log, "utf8");
      expect(/code=(?!\[secret\])\S{10}|access_token|class-secret/.exec(log)?.[0], undefined);
    });
    await provider.stop();
    await site.restart({ settings: { admins: [] }, secrets: {} });
    await step("a demoted admin is none, and the hub starts without the provider", async () =>
      expect(await statusOf(admin, "/hub/api/users"), 403),
    );
    page = await (await browser.newContext()).newPage();
    await step("a provider that is down is a sentence", async () => {
      await page.goto(`${hub}/hub/oauth_login`);
      await refusalOn(page, "Example University does not answer. Try again");
    });
    await provider.start();
    await site.restart({ settings: {}, secrets: { "login-secret": "wrong" } });
    page = await signIn(await browser.newContext(), "a1");
    await step("a wrong secret is named", () => refusalOn(page, "does not accept this class"));
    await site.restart({ settings: settingsFor(provider), secrets });
    const way = {
      method: "oidc",
      newBrowser: () => browser.newContext(),
      signIn: (context: BrowserContext, name: string) => signIn(context, accountOf(name)),
    };
    await tryDemotion(way, site, settingsFor(provider));
    const leave = async () => {
      provider.accounts["a1"] = { preferred_username: "ada", groups: ["/other"] };
    };
    await tryLeaving(way, leave, async (context) =>
      refusalOn(await signIn(context, "a1"), "You logged in as ada at Example University. "),
    );
    seen["memory"] = `${site.state().kilobytes} kB`;
  } finally {
    await browser.close();
    await site.close();
    await provider.stop().catch(() => undefined);
  }
  process.stdout.write(`\n${JSON.stringify(seen)}`);
  process.exit(0);
};

await main();
