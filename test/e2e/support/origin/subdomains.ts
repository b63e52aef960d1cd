import type { BrowserContext, Page } from "playwright-core";
import { assetPath } from "../../../../src/operator/assets.js";
import { stopServer } from "../browser.js";
import { openChromium } from "../chromium.js";
import { type SubdomainsSite, domain, startSubdomainsSite } from "./subdomains-site.js";

// Chromium visits a class with subdomains on loopback, and this program prints as JSON what a hostile page could do. It fails if the
// login, the servers or the hub's pages do not work. It runs in namespaces of its own: see program.ts and origin.test.ts.

const hub = `https://${domain}`;
const hostOf = (user: string): string => `https://${user}.${domain}`;
const passwords: Record<string, string> = { ada: "0123456789abcdef".repeat(2) };

const secrets = /xsrf_token|_xsrf=|ADA-TOKEN|"kind": "user"|the server of ada|connected/;
const found = (text: string): string =>
  secrets.test(text) ? `leaked: ${secrets.exec(text)?.[0]}` : "closed";

const openBrowser = (site: SubdomainsSite) =>
  openChromium({ hosts: { [domain]: site.port, [`*.${domain}`]: site.port }, keys: [site.key] });

const logIn = async (page: Page, user: string): Promise<void> => {
  await page.goto(`${hub}/hub/login?next=%2Fhub%2Fhome`);
  await page.fill("#username_input", user);
  await page.fill("#password_input", passwords[user] ?? "Größe-101");
  await page.click("#login_submit");
  await page.waitForURL(`${hub}/hub/home`);
};

/** Starts the user's server by the hub's page and waits until its page is shown, after the round of OAuth. */
const startServer = async (page: Page, user: string, host = hostOf(user)): Promise<void> => {
  await page.goto(`${hub}/hub/spawn`);
  await page.waitForURL(`${host}/user/${user}/lab*`, { timeout: 60_000 });
  await page.getByText(`the server of ${user} for ${user}`).waitFor();
};

/** Sends a line over a kernel's websocket of that address; the answer, or the error. */
const askKernel = (page: Page, address: string): Promise<string> =>
  page.evaluate(
    `new Promise((resolve) => {
      const socket = new WebSocket("${address.replace("https", "wss")}/api/kernels/1/channels");
      socket.onopen = () => socket.send("hello");
      socket.onmessage = ({ data }) => resolve("connected: " + data);
      socket.onerror = () => resolve("refused");
    })`,
  );

const expect = (actual: unknown, wanted: unknown): void => {
  if (actual !== wanted) throw new Error(`${String(actual)} instead of ${String(wanted)}`);
};

/** Uses the hub's pages and the server of ada; throws where one does not work. */
const usePages = async (context: BrowserContext): Promise<void> => {
  const page = await context.newPage();
  await page.goto(`${hub}/hub/token`);
  await page.click("#request-token-form button[type=submit]");
  await page.getByText(/^\w{20,}$/).waitFor();
  await page.goto(`${hub}/hub/admin`);
  await page.getByRole("cell", { name: "ada", exact: true }).waitFor();
  await startServer(page, "ada");
  expect(await askKernel(page, `${hostOf("ada")}/user/ada`), "connected: ada: hello");
  await page.click("text=Hub Control Panel");
  await page.waitForURL(`${hub}/hub/home`);
  await page.goto(`${hub}/user/ada/lab`);
  await page.waitForURL(`${hostOf("ada")}/user/ada/lab*`);
  await page.goto(`${hostOf("ada")}/`);
  await page.waitForURL(`${hostOf("ada")}/user/ada/lab*`);
  await page.close();
};

/** A server that has stopped: its address leads to the hub's page, which starts it. */
const restartServer = async (page: Page, user: string): Promise<void> => {
  await stopServer(page, hub);
  await page.goto(`${hostOf(user)}/user/${user}/lab`);
  await page.waitForURL(`${hub}/hub/user/${user}/lab`);
  await page.locator("#start").click();
  await page.waitForURL(`${hostOf(user)}/user/${user}/lab*`, { timeout: 60_000 });
};

/** Calls a function of attacks.js in the page. */
const call = (page: Page, name: string, ...argv: string[]): Promise<string> =>
  page.evaluate(`${name}(...${JSON.stringify(argv)})`);

/** The outcome of each attack from mallory's page. */
const attack = async (page: Page): Promise<Record<string, string>> => {
  const results: Record<string, string> = {};
  await page.addScriptTag({ path: assetPath("test/e2e/support/origin/attacks.js") });
  const ada = `${hostOf("ada")}/user/ada`;
  const addresses = [`${hub}/hub/token`, `${hub}/hub/home`, `${hub}/hub/api/users`, `${ada}/lab`];
  // Also through mallory's own host, which might be served by the hub.
  const own = ["/hub/token", "/hub/api/users", "/user/ada/lab", "/hub/user/ada/lab", "/none"];
  for (const address of [...addresses, ...own]) {
    for (const mode of ["no-cors", "cors", "same-origin"] as const)
      results[`fetch ${mode} ${address}`] = found(await call(page, "readByFetch", address, mode));
    results[`frame ${address}`] = found(await call(page, "readByFrame", address));
    results[`window ${address}`] = found(await call(page, "readByWindow", address));
  }
  results["ada's kernel"] = found(await askKernel(page, ada));
  const sw = "/user/mallory/open/sw.js";
  expect(
    (await call(page, "registerWorker", sw, "/user/mallory/open/")).slice(0, 10),
    "registered",
  );
  for (const scope of ["/", "/hub/"]) {
    const result = await call(page, "registerWorker", sw, scope);
    results[`worker for ${scope}`] = result.startsWith("registered") ? result : "closed";
  }
  return results;
};

/** Cookies for the whole domain, and a form that logs the visitor in as mallory. */
const attackLogin = async (context: BrowserContext, page: Page) => {
  const results: Record<string, string> = {};
  const login = async (): Promise<string | undefined> =>
    (await context.cookies(`${hub}/hub/`)).find(
      ({ name }) => name === "__Host-jupyterhub-hub-login",
    )?.value;
  const before = await login();
  await page.goto(`${hostOf("mallory")}/user/mallory/open/cookies`);
  const names = (await context.cookies([hub, hostOf("ada")])).map(({ name }) => name);
  results["cookies of an answer for the domain"] = names.includes("planted") ? "set" : "closed";
  const own = await context.cookies(hostOf("mallory"));
  expect(own.map(({ name }) => name).includes("own"), true);
  await page.goto(`${hostOf("mallory")}/user/mallory/open/clear`);
  results["deletion of the hub's cookies"] = (await login()) === before ? "closed" : "deleted";
  await page.goto(`${hostOf("mallory")}/user/mallory/open/x`);
  await page.evaluate(
    `for (const name of ["__Host-jupyterhub-hub-login", "jupyterhub-hub-login", "_xsrf"])
      document.cookie = name + "=forged; Domain=${domain}; Path=/; Secure";
    document.body.innerHTML = \`<form method="post" action="${hub}/hub/login">
      <input name="username" value="mallory"><input name="password" value="Größe-101"><input name="_xsrf" value="forged"></form>\`;
    document.forms[0].submit();`,
  );
  await page.waitForURL(`${hub}/hub/login`);
  const text = await page.content();
  results["a login as mallory"] = text.includes("Pages of other hosts")
    ? "closed"
    : "answered by the hub";
  results["another login cookie"] = (await login()) === before ? "closed" : "replaced";
  await page.goto(`${hub}/hub/home`);
  expect(await page.locator("text=ada").first().isVisible(), true);
  return results;
};

const main = async () => {
  const site = await startSubdomainsSite();
  const browser = await openBrowser(site);
  try {
    // A server that starts without subdomains is used with them: its environment is still the old one.
    const bob = await (await browser.newContext()).newPage();
    await logIn(bob, "bob");
    await startServer(bob, "bob", hub);
    await site.switchOn();
    await logIn(bob, "bob");
    await bob.goto(`${hub}/user/bob/lab`);
    await bob.waitForURL(`${hostOf("bob")}/user/bob/lab*`);
    await bob.getByText("the server of bob for bob").waitFor();
    expect(await askKernel(bob, `${hostOf("bob")}/user/bob`), "connected: bob: hello");
    await bob.click("text=Hub Control Panel");
    await bob.waitForURL(`${hub}/hub/home`);

    const mallory = await (await browser.newContext()).newPage();
    await logIn(mallory, "mallory");
    await startServer(mallory, "mallory");

    const admin = await browser.newContext();
    const page = await admin.newPage();
    await logIn(page, "ada");
    await usePages(admin);
    await page.goto(`${hostOf("mallory")}/user/mallory/open/x`);
    const attacks = { ...(await attack(page)), ...(await attackLogin(admin, page)) };
    await restartServer(mallory, "mallory");
    process.stdout.write(JSON.stringify(attacks));
  } finally {
    await browser.close();
    await site.close();
  }
};

await main();
