import type { BrowserContext, Page } from "playwright-core";
import { assetPath } from "../../../../src/operator/assets.js";
import { openChromium } from "../chromium.js";
import { adaToken, startSite } from "./site.js";

// Chromium visits a class on loopback, and this program prints as JSON what a hostile page could read. It fails if pages do not work.
// It runs in a network namespace of its own: in the host's, each start of a lab aborts all requests of Chromium.

const secrets = new RegExp(`xsrf_token|_xsrf=|${adaToken}|"kind": "user"`);
const found = (text: string): string =>
  secrets.test(text) ? `leaked: ${secrets.exec(text)?.[0]}` : "closed";

/** Uses pages that ask the API; throws where one does not work. */
const usePages = async (context: BrowserContext, origin: string): Promise<void> => {
  const page = await context.newPage();
  await page.goto(`${origin}/hub/token`);
  await page.click("#request-token-form button[type=submit]");
  await page.getByText(/^\w{20,}$/).waitFor();
  await page.goto(`${origin}/hub/admin`);
  await page.getByRole("cell", { name: "ada", exact: true }).waitFor();
  await page.close();
};

/** Calls a function of attacks.js in the page. */
const call = (page: Page, name: string, ...argv: string[]): Promise<string> =>
  page.evaluate(`${name}(...${JSON.stringify(argv)})`);

/** The outcome of each attack from mallory's page. */
const attack = async (page: Page): Promise<Record<string, string>> => {
  const results: Record<string, string> = {};
  await page.addScriptTag({ path: assetPath("test/e2e/support/origin/attacks.js") });
  const paths = ["/hub/token", "/hub/home", "/user/ada/lab", "/hub/api/users"];
  for (const path of paths)
    for (const mode of ["no-cors", "cors", "same-origin"] as const)
      results[`fetch ${mode} ${path}`] = found(await call(page, "readByFetch", path, mode));
  const documents = ["static/css/style.min.css", "logo", "health", "none", "user/ada/x"];
  for (const path of [...paths, ...documents.map((name) => `/hub/${name}`)]) {
    results[`frame ${path}`] = found(await call(page, "readByFrame", path));
    results[`window ${path}`] = found(await call(page, "readByWindow", path));
  }
  for (const [script, scope] of [
    ["/user/mallory/sw.js", "/"],
    ["/user/mallory/sw.js", "/hub/"],
    ["/user/mallory", "/user/"],
  ] as const) {
    const result = await call(page, "registerWorker", script, scope);
    results[`worker ${script} for ${scope}`] = result.startsWith("registered") ? result : "closed";
  }
  return results;
};

const main = async () => {
  const site = await startSite();
  const origin = `http://localhost:${site.port}`;
  const browser = await openChromium();
  try {
    const admin = await logIn(
      await browser.newContext(),
      origin,
      "ada",
      "0123456789abcdef".repeat(2),
    );
    await usePages(admin, origin);
    const page = await admin.newPage();
    await page.goto(`${origin}/user/mallory/x`);
    const attacks = await attack(page);
    await page.goto(`${origin}/user/mallory/cookies`);
    const isPlanted = (await admin.cookies()).some(({ name }) => name === "planted");
    attacks["cookies for other paths"] = isPlanted ? "planted" : "closed";
    await page.goto(`${origin}/user/mallory/clear`);
    const isLoggedIn = (await admin.cookies()).some(({ path }) => path === "/hub/");
    attacks["deletion of the hub's cookies"] = isLoggedIn ? "closed" : "deleted";
    const bob = await logIn(await browser.newContext(), origin, "bob", "Größe-101");
    const waiting = await bob.newPage();
    await waiting.goto(`${origin}/hub/spawn`);
    await waiting.locator("#progress-bar").waitFor({ state: "attached" });
    await checkWebsocketNotice(waiting, bob, origin);
    site.restartHub();
    await waiting.locator("#start").waitFor({ timeout: 60_000 });
    process.stdout.write(JSON.stringify(attacks));
  } finally {
    await browser.close();
    await site.close();
  }
};

/** Throws unless the notice about websockets is shown exactly where none can be opened. */
const checkWebsocketNotice = async (works: Page, context: BrowserContext, origin: string) => {
  const blocked = await context.newPage();
  await blocked.routeWebSocket(/./, (socket) => socket.close());
  await blocked.goto(`${origin}/hub/home`);
  await blocked.locator("#websocket-in-network").waitFor();
  await blocked.click("#websocket-ignore");
  await blocked.waitForLoadState();
  await blocked.close();
  if (await works.locator("#no-websocket").isVisible())
    throw new Error("the page says that websockets do not work, but they do");
};

const logIn = async (context: BrowserContext, origin: string, user: string, password: string) => {
  const page = await context.newPage();
  await page.goto(`${origin}/hub/login?next=%2Fhub%2Fhome`);
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  await page.waitForURL(/\/hub\/home$/);
  await page.close();
  return context;
};

await main();
