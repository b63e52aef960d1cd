import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type Page, chromium } from "playwright-core";
import { waitUntil } from "../../../src/wait.js";
import { artefacts } from "./artefacts.js";
import type { Lab } from "./lab.js";

/**
 * Debian's Chromium, headless, in the network namespace of the lab: in the host's, each start or end of another lab aborts all
 * its requests (ERR_NETWORK_CHANGED). `home`: another home folder, with the authorities that it trusts; `args`: more arguments.
 */
export const openBrowser = async (
  { folder, namespace }: Lab,
  { home, args = [] }: { home?: string; args?: string[] } = {},
): Promise<Browser> => {
  const executablePath = join(folder, "chromium");
  const script = `#!/bin/sh\nexec ip netns exec ${namespace} /usr/bin/chromium "$@"\n`;
  await writeFile(executablePath, script, { mode: 0o755 });
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...(home !== undefined && { HOME: home }) },
    args: [
      ...args,
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
};

/** Logs a user in and waits until JupyterLab is shown. */
export const openJupyterLab = async (
  browser: Browser,
  address: string,
  user: string,
  password: string,
): Promise<Page> => {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  await openPage(page, address);
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  // The login page asks a browser that is new under a name in use whether the name is its own.
  const yes = page.locator("#is-it-yours input[type=submit]");
  const panel = page.locator("#jp-main-dock-panel");
  await yes.or(panel).waitFor({ timeout: 240_000 });
  if (await yes.isVisible()) await yes.click();
  // A server may have ended without the hub's knowledge, as when Docker has restarted: its page then offers to start it.
  const start = page.locator("a#start");
  await panel.or(start).waitFor({ timeout: 240_000 });
  if (await start.isVisible()) await start.click();
  await panel.waitFor({ timeout: 240_000 });
  // JupyterLab opens the notebooks of before again, and asks for the kernel of each whose own is gone, one dialog after the other.
  const question = page.locator(".jp-Dialog", { hasText: "Select Kernel" }).first();
  const accept = () => question.locator(".jp-mod-accept").click({ timeout: 5000 });
  await page.addLocatorHandler(question, () => accept().catch(() => {}), { noWaitAfter: true });
  return page;
};

/** Opens an address; a machine that has just booted may take three minutes to answer. */
const openPage = (page: Page, address: string): Promise<unknown> =>
  waitUntil(
    () =>
      page.goto(address, { timeout: 60_000 }).then(
        () => true as const,
        () => undefined,
      ),
    { deadline: 180_000, otherwise: () => new Error(`${address} does not answer`) },
  );

/** Stops the user's server with the button on the hub's page, at the address of the hub. */
export const stopServer = async (page: Page, hub: string): Promise<void> => {
  await page.goto(`${hub}/hub/home`);
  const stop = page.locator("#stop");
  // The button does nothing before the page's script has loaded.
  await waitUntil(
    async () => {
      await stop.click({ timeout: 2000 }).catch(() => undefined);
      await stop.waitFor({ state: "hidden", timeout: 5000 }).catch(() => undefined);
      return (await stop.isHidden()) ? true : undefined;
    },
    {
      deadline: 60_000,
      otherwise: async () => new Error(`does not stop: ${await page.innerText("body")}`),
    },
  );
  // The button goes when the hub has begun to stop the server; a start before its end leads to a page that asks again.
  await waitUntil(
    async () => {
      await page.goto(`${hub}/hub/home`);
      return /Start/.test(await page.innerText("#start")) ? true : undefined;
    },
    { deadline: 60_000, every: 1000, otherwise: () => new Error("the server still stops") },
  );
};

/** Closes the notice that JupyterLab shows after a start in a full or broken home; throws if its text is another one. */
export const closeNotice = async (page: Page, expected: RegExp): Promise<void> => {
  const notice = page.locator("#swarmhub-notice");
  const text = await notice.innerText({ timeout: 60_000 });
  if (!expected.test(text)) throw new Error(`the notice says: ${text}`);
  await notice.locator("button").click();
  await notice.waitFor({ state: "detached" });
};

/** Opens a new notebook from the launcher and waits until its kernel is idle. */
export const newNotebook = async (page: Page): Promise<void> => {
  const card = page.locator('.jp-LauncherCard[data-category="Notebook"]:visible').first();
  if (!(await card.isVisible()))
    await page.click('button[data-command="launcher:create"], [title*="New Launcher"]');
  await card.click({ timeout: 60_000 });
  await page
    .locator(".jp-Notebook:visible .jp-Cell .cm-content")
    .first()
    .waitFor({ timeout: 60_000 });
  // A cell that is sent to a kernel during its start is dropped without an error.
  await page.getByText("Python 3 (ipykernel) | Idle").waitFor({ timeout: 120_000 });
};

/** Types a cell into the open notebook and runs it, without waiting for its end. */
export const sendCell = async (page: Page, code: string): Promise<void> => {
  await page.locator(".jp-Notebook:visible .jp-Cell .cm-content").first().click();
  // Like a paste: while typing, the editor indents and closes brackets by itself.
  await page.keyboard.insertText(code);
  await page.keyboard.press("Shift+Enter");
};

/** Types a cell into the open notebook, runs it, and returns its output. */
export const runCell = async (page: Page, code: string): Promise<string> => {
  await sendCell(page, code);
  const output = page.locator(".jp-Notebook:visible .jp-OutputArea-output").first();
  await output.waitFor({ timeout: 120_000 });
  return (await output.innerText()).trim();
};

/** Saves the open notebook under its current name, and waits until it is saved. */
export const saveNotebook = async (page: Page): Promise<void> => {
  const saved = page.waitForResponse(
    (response) =>
      response.request().method() === "PUT" &&
      response.url().includes("/api/contents/") &&
      response.ok(),
    { timeout: 60_000 },
  );
  await page.keyboard.press("Control+s");
  const rename = page.locator(".jp-Dialog .jp-mod-accept");
  await Promise.race([saved, rename.click({ timeout: 60_000 }).catch(() => undefined)]);
  await saved;
};

/** Saves a screenshot of the page as an artefact of the run. */
export const saveScreenshot = async (page: Page, name: string): Promise<void> => {
  await mkdir(artefacts, { recursive: true });
  await page.screenshot({ path: join(artefacts, `${name}.png`) });
};
