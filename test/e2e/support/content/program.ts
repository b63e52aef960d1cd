import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { linkIn } from "../../../../src/commands/link.js";
import { classOf } from "../../../support/class-of.js";
import { fakeFacts, fakeReport } from "../../../support/fakes.js";
import { saveNotebook, sendCell, stopServer } from "../browser.js";
import { openChromium, photographAll } from "../chromium.js";
import { type LoopbackHub, startLoopbackHub } from "../loopback-hub.js";

// Students open the address of `swarmhub link` in Chromium, on loopback with real JupyterLabs. Prints as JSON what it saw; the only
// argument is the folder of the screenshots.

const seen: Record<string, unknown> = {};
const [folder = "."] = process.argv.slice(2);
const teacherPassword = "fedcba9876543210".repeat(2);
const path = "Übung 1/größe #1 (100%).ipynb";
/** The hub looks at the repository at most so often. */
const pauseMs = 31_000;

const notebook = (text: string): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 4,
    metadata: { kernelspec: { name: "python3", display_name: "Python 3 (ipykernel)" } },
    cells: [{ cell_type: "code", metadata: {}, source: text, outputs: [], execution_count: null }],
  });

/** What `swarmhub link PATH` prints, at the address of the class on loopback. */
const linkAt = async (origin: string): Promise<string> => {
  const cluster = classOf(0);
  cluster.manager.facts = async () => fakeFacts({});
  cluster.config.domain = "geo.example.org";
  cluster.config.servers.content = { repository: "https://git.example.org/a", folder: "Kurs 1" };
  let printed = "";
  const terminal = { print: (text: string) => void (printed = text), report: fakeReport() };
  await linkIn(cluster, { path, json: false }, terminal);
  return printed.replace("https://geo.example.org", origin);
};

/** Fills in the login page if it is shown. */
const logIn = async (page: Page, user: string, password = "Größe-101"): Promise<void> => {
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
};

const isOpen = async (page: Page): Promise<void> => {
  await page.locator("#jp-main-dock-panel").waitFor({ timeout: 90_000 });
  await page.locator(".jp-Notebook:visible").waitFor();
};

/** The title of the tab that JupyterLab shows, and the first cell of its notebook. */
const shown = async (page: Page): Promise<string[]> => {
  const tab = page.locator("#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel");
  const cell = page.locator(".jp-Notebook:visible .jp-Cell .cm-content", { hasText: "version" });
  await cell.first().waitFor();
  return [await tab.first().innerText(), await cell.first().innerText()];
};

/** What students and their teacher read while the repository cannot be read. */
const withoutContent = async (
  browser: Browser,
  site: LoopbackHub,
  link: string,
  student: string,
): Promise<Record<string, unknown>> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(link);
  await logIn(page, student);
  await page.locator("#jp-main-dock-panel").waitFor({ timeout: 90_000 });
  const notice = page.locator("#swarmhub-class-notice div");
  await notice.waitFor();
  await page.screenshot({ path: join(folder, `${student} without content.png`) });
  const teacher = await (await browser.newContext()).newPage();
  await teacher.goto(`${site.origin}/hub/login?next=%2Fservices%2Froom%2F`);
  await logIn(teacher, "grace", teacherPassword);
  await teacher.goto(`${site.origin}/services/room/`);
  const warning = teacher.locator("#warnings li", { hasText: "content" });
  await warning.waitFor();
  const found = {
    notice: await notice.innerText(),
    warning: (await warning.innerText()).replace(/localhost:\d+/, "git.example.org"),
  };
  await teacher.context().close();
  await page.context().close();
  return { ...found, files: await ask(site, { files: student }) };
};

const ask = (site: LoopbackHub, command: object): Promise<unknown> =>
  site.ask(JSON.stringify(command));

const withContent = async (browser: Browser, site: LoopbackHub, link: string): Promise<void> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(link);
  await logIn(page, "carla");
  await isOpen(page);
  seen["first opening"] = await shown(page);
  seen["files"] = await ask(site, { files: "carla" });
  await page.screenshot({ path: join(folder, "first opening.png") });

  await page.getByText("Python 3 (ipykernel) | Idle").waitFor({ timeout: 120_000 });
  await sendCell(page, "\nprint('my work')");
  await saveNotebook(page);
  const second = await page.context().newPage();
  await second.goto(link);
  await isOpen(second);
  seen["running server"] = await shown(second);
  await second.close();

  await ask(site, { push: { [path]: notebook("# Second version") } });
  await pause(pauseMs);
  await stopServer(page, site.origin);
  await page.goto(link);
  await isOpen(page);
  seen["second opening"] = await shown(page);
  const files = (await ask(site, { files: "carla" })) as Record<string, string>;
  seen["my work is in"] = Object.keys(files).filter((name) => files[name]?.includes("my work"));
  seen["the new version is in"] = Object.keys(files).filter((name) =>
    files[name]?.includes("Second version"),
  );
  await page.screenshot({ path: join(folder, "second opening.png") });
};

const site = await startLoopbackHub("test/e2e/support/content/content_hub.py");
const browser = await openChromium();
try {
  const link = await linkAt(site.origin);
  await ask(site, { push: { [path]: notebook("# First version") } });
  seen["absent"] = await withoutContent(browser, site, link, "amira");
  await ask(site, { create: true });
  await ask(site, { login: "nobody:knows" });
  await pause(pauseMs);
  seen["private"] = await withoutContent(browser, site, link, "ben");
  await ask(site, { login: null });
  await pause(pauseMs);
  await withContent(browser, site, link);
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${JSON.stringify(seen)}\n${String(await ask(site, { log: true }))}\n`);
  await photographAll(browser, folder);
  throw error;
} finally {
  await browser.close();
  await site.close();
}
