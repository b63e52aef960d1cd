import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { openChromium, photographAll } from "../chromium.js";
import { domain, startSubdomainsSite } from "../origin/subdomains-site.js";
import { hub, logIn, say } from "./steps.js";

// Chromium uses Notebook 7 with the extension of the class on loopback. Prints as JSON what it saw; the only argument is the folder of the
// screenshots.

const seen: Record<string, unknown> = {};
const [folder = "."] = process.argv.slice(2);
const errors: string[] = [];
const box = "#swarmhub-class-announcement div";
const text = "<img src=x onerror=document.title='hacked'>\nWe continue at 11:30";

const makeNotebook = (page: Page): Promise<unknown> =>
  page.evaluate(`(async () => {
    const { token } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const metadata = { kernelspec: { name: "python3", display_name: "Python 3 (ipykernel)" } };
    const content = { nbformat: 4, nbformat_minor: 4, metadata, cells: [] };
    const { status } = await fetch("/user/bob/api/contents/x.ipynb", {
      method: "PUT",
      headers: { Authorization: "token " + token, "Content-Type": "application/json" },
      body: JSON.stringify({ type: "notebook", content }),
    });
    if (status !== 201) throw new Error("status " + status);
  })()`);

const openPage = async (page: Page, path: string): Promise<Page> => {
  // Notebook 7.6.5 has an error of its own when it loads its settings, with and without an extension.
  page.on("pageerror", ({ stack = "" }) => {
    if (stack.includes("swarmhub-class")) errors.push(`${path}: ${stack}`);
  });
  await page.goto(`${hub}/user/bob/${path}`);
  await page.locator("#swarmhub-class-help").waitFor();
  return page;
};

const secondsUntil = async (pages: Page[], state: "attached" | "detached"): Promise<number> => {
  const begun = performance.now();
  await Promise.all(pages.map((page) => page.locator(box).waitFor({ state, timeout: 30_000 })));
  return Number(((performance.now() - begun) / 1000).toFixed(1));
};

/** The words of the button a second after a student has come back to a tab. */
const shownAgain = async (page: Page): Promise<string> => {
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.waitForTimeout(1000);
  return page.locator("#swarmhub-class-help").innerText();
};

const use = async (browser: Browser): Promise<void> => {
  const student = await browser.newContext();
  const first = await logIn(student, "bob", "Größe-101");
  await first.goto(`${hub}/hub/spawn`);
  await first.waitForURL(`${hub}/user/bob/**`, { timeout: 90_000 });
  const tree = await openPage(first, "tree");
  await makeNotebook(tree);
  const notebook = await openPage(await student.newPage(), "notebooks/x.ipynb");
  await notebook.locator(".jp-Notebook").waitFor();
  const pages = { tree, notebook };

  const teacher = await browser.newContext();
  const room = await logIn(teacher, "ada", "0123456789abcdef".repeat(2));
  await room.goto(`${hub}/services/room/`);
  await say(room, text);
  seen["seconds until announced"] = await secondsUntil(Object.values(pages), "attached");
  const found: Record<keyof typeof pages, Record<string, unknown>> = { tree: {}, notebook: {} };
  Object.assign(seen, found);
  for (const name of ["tree", "notebook"] as const) {
    const page = pages[name];
    found[name]["text"] = await page.locator(box).textContent();
    found[name]["title is hacked"] = (await page.title()) === "hacked";
    found[name]["place of the button"] = await page.evaluate(
      "document.getElementById('swarmhub-class-help').parentElement.id",
    );
    await page.screenshot({ path: join(folder, `notebook 7, ${name}.png`) });
  }
  await room.click("#withdraw");
  seen["seconds until withdrawn"] = await secondsUntil(Object.values(pages), "detached");

  const row = room.locator("tbody tr", { has: room.getByRole("button", { name: "bob" }) });
  for (const [name, other] of [
    ["tree", "notebook"],
    ["notebook", "tree"],
  ] as const) {
    const page = pages[name];
    await page.getByText("I need help").waitFor();
    await page.locator("#swarmhub-class-help").click();
    await row.getByText("Asks for help since").waitFor();
    await page.getByText("You asked for help").waitFor();
    found[name]["what the other tab says when it is shown again"] = await shownAgain(pages[other]);
    await page.screenshot({ path: join(folder, `notebook 7, ${name}, called.png`) });
    await row.getByRole("button", { name: "bob" }).click();
    await room.getByRole("button", { name: "Help was given" }).click();
    await page.getByText("I need help").waitFor();
    found[name]["helped"] = true;
  }
  seen["errors"] = errors;
};

const site = await startSubdomainsSite();
const browser = await openChromium({ hosts: { [domain]: site.port }, keys: [site.key] });
try {
  await use(browser);
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${JSON.stringify(seen)} ${errors.join("\n")}\n`);
  await photographAll(browser, folder);
  throw error;
} finally {
  await browser.close();
  await site.close();
}
