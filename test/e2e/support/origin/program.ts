import { type BrowserContext, type Page, chromium } from "playwright-core";
import { assetPath } from "../../../../src/operator/assets.js";
import { adaToken, startSite } from "./site.js";

// Chromium visits a class on loopback, and this program prints as JSON what a hostile page could read. It fails if pages do not work.
// It runs in a network namespace of its own: in the host's, each start of a lab aborts all requests of Chromium.

/** One origin for all users, or one for each. */
const hasSubdomains = process.argv[2] === "subdomains";
const secrets = new RegExp(`xsrf_token|_xsrf=|${adaToken}|"kind": "user"`);
const found = (text: string): string =>
  secrets.test(text) ? `leaked: ${secrets.exec(text)?.[0]}` : "closed";

/** Uses pages that ask the API; throws where one does not work. */
const usePages = async (context: BrowserContext, origin: string): Promise<void> => {
  const page = await context.newPage();
  await page.goto(`${origin}/hub/token`);
  await page.click("#request-token-form button[type=submit]");
  await page.getByText(/^\w{20,}$/).waitFor({ timeout: 20_000 });
  await page.goto(`${origin}/hub/admin`);
  await page.getByRole("cell", { name: "ada", exact: true }).waitFor({ timeout: 20_000 });
  await page.close();
};

/** Calls a function of attacks.js in the page. */
const call = (page: Page, name: string, ...argv: string[]): Promise<string> =>
  page.evaluate(`${name}(...${JSON.stringify(argv)})`);

const attack = async (page: Page, hub: string, ada: string): Promise<Record<string, string>> => {
  const results: Record<string, string> = {};
  await page.addScriptTag({ path: assetPath("test/e2e/support/origin/attacks.js") });
  const pages = [`${hub}/hub/token`, `${hub}/hub/home`, `${ada}/user/ada/lab`];
  const paths = [...pages, `${hub}/hub/api/users`];
  for (const path of paths)
    for (const mode of ["no-cors", "cors", "same-origin"] as const)
      results[`fetch ${mode} ${path}`] = found(await call(page, "readByFetch", path, mode));
  const documents = [
    "static/css/style.min.css",
    "logo",
    "health",
    "none",
    "api/users",
    "user/ada/x",
  ];
  for (const path of [...paths, ...documents.map((each) => `${hub}/hub/${each}`)]) {
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
  const domain = "geo.localhost";
  const site = hasSubdomains
    ? await startSite({ domain, subdomains: true }, [], (user) => `/${user}.${domain}`)
    : await startSite({});
  const at = (host: string) => `http://${host}:${site.port}`;
  const hub = at(hasSubdomains ? domain : "localhost");
  const originOf = (user: string) => (hasSubdomains ? at(`${user}.${domain}`) : hub);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  try {
    const admin = await logIn(await browser.newContext(), hub, "ada", "0123456789abcdef".repeat(2));
    await usePages(admin, hub);
    const page = await admin.newPage();
    await page.goto(`${originOf("mallory")}/user/mallory/x`);
    const attacks = await attack(
      page,
      hasSubdomains ? hub : "",
      hasSubdomains ? originOf("ada") : "",
    );
    await page.goto(`${originOf("mallory")}/user/mallory/cookies`);
    await page.goto(`${originOf("mallory")}/user/mallory/clear`);
    const cookies = await admin.cookies();
    attacks["planted cookies"] = cookies.some(({ name }) => name === "planted")
      ? "leaked"
      : "closed";
    attacks["cleared cookies"] = cookies.some(({ path }) => path === "/hub/") ? "closed" : "leaked";
    const bob = await logIn(await browser.newContext(), hub, "bob", "Größe-101");
    const waiting = await bob.newPage();
    await waiting.goto(`${hub}/hub/spawn`);
    await waiting.locator("#progress-bar").waitFor({ state: "attached", timeout: 20_000 });
    site.restartHub();
    await waiting.locator("#start").waitFor({ timeout: 60_000 });
    process.stdout.write(JSON.stringify(attacks));
  } finally {
    await browser.close();
    await site.close();
  }
};

const logIn = async (context: BrowserContext, hub: string, user: string, password: string) => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  await page.waitForURL(/\/hub\/home$/);
  await page.close();
  return context;
};

await main();
