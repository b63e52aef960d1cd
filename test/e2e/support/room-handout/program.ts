import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { Browser, Page } from "playwright-core";
import { openChromium } from "../chromium.js";
import { type LoopbackHub, startLoopbackHub } from "../loopback-hub.js";
import { axe } from "../room/axe.js";

// A teacher without admin rights hands out and collects in Chromium. Prints as JSON what it saw; the arguments are a folder for files and
// one for screenshots.

const seen: Record<string, unknown> = {};
const [folder = ".", pictures = "."] = process.argv.slice(2);
const teacherPassword = "fedcba9876543210".repeat(2);

const openRoom = async (browser: Browser, origin: string): Promise<Page> => {
  // axe is added as a script tag, which the page's own policy refuses.
  const context = await browser.newContext({
    viewport: { width: 1360, height: 900 },
    bypassCSP: true,
  });
  const tab = await context.newPage();
  await tab.goto(`${origin}/hub/login?next=%2Fhub%2Fhome`);
  await tab.fill("#username_input", "grace");
  await tab.fill("#password_input", teacherPassword);
  await tab.click("#login_submit");
  await tab.waitForURL(/\/hub\/home$/);
  await tab.goto(`${origin}/services/room/`);
  await tab.getByRole("button", { name: "amira", exact: true }).waitFor({ timeout: 60_000 });
  return tab;
};

const shot = (tab: Page, name: string) => tab.screenshot({ path: join(pictures, `${name}.png`) });

const made = async (files: Record<string, string>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
};

/** The rows of the table in a dialog. */
const rowsIn = async (tab: Page, dialog: string): Promise<string[][]> => {
  const rows = await tab.locator(`${dialog} .sheet tr`).all();
  return Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
};

const told = (tab: Page, dialog: string, text: string | RegExp) =>
  tab.locator(`${dialog} .told`).getByText(text).waitFor({ timeout: 60_000 });

const handOut = async (tab: Page, { ask }: LoopbackHub) => {
  await made({
    "week2/hw1.ipynb": "first",
    "week2/data/größe.csv": "1,2",
    "week2/.ipynb_checkpoints/hw1-checkpoint.ipynb": "hidden",
    "notes.md": "notes",
    "more.md": "more",
  });
  await tab.getByRole("button", { name: "Hand out…" }).click();
  const go = tab.getByRole("button", { name: "Hand out", exact: true });
  await tab.getByLabel("A folder").setInputFiles(join(folder, "week2"));
  await told(tab, "#handing", "Nothing has changed yet. 2 files with 8 bytes for 3 homes.");
  seen["before the confirmation"] = await ask("files ben");
  seen["table of a folder"] = await rowsIn(tab, "#handing");
  await go.click();
  await told(tab, "#handing", "Handed out to 3 homes.");
  seen["button afterwards"] = (await go.isDisabled()) ? "disabled" : "enabled";
  seen["ben has"] = await ask("files ben");

  await ask("write ben/week2/hw1.ipynb mine");
  await ask("remove carla/week2/hw1.ipynb");
  await made({ "week2/hw1.ipynb": "second" });
  await tab.getByLabel("A folder").setInputFiles(join(folder, "week2"));
  await told(tab, "#handing", "week2: version 2.");
  seen["table of the second version"] = await rowsIn(tab, "#handing");
  seen["axe, hand out"] = await axe(tab);
  await shot(tab, "hand-out");
  await go.click();
  await told(tab, "#handing", "Handed out to 3 homes.");
  seen["ben keeps"] = await ask("files ben");

  await tab
    .getByLabel("Or single files")
    .setInputFiles([join(folder, "notes.md"), join(folder, "more.md")]);
  await told(tab, "#handing", "2 files with 9 bytes");
  await tab.focus("#handing-go");
  await tab.keyboard.press("Enter");
  await told(tab, "#handing", "Handed out to 3 homes.");
  await made({ "bad\n.md": "x" });
  await tab.getByLabel("Or single files").setInputFiles([join(folder, "bad\n.md")]);
  await told(tab, "#handing", "has a name that not every machine can have. Please rename it.");
  await tab.keyboard.press("Escape");
  seen["amira has"] = await ask("files amira");
};

const collect = async (tab: Page, { ask }: LoopbackHub) => {
  await ask("write amira/week2/hw1.ipynb amira's");
  await tab.focus("#collect");
  await tab.keyboard.press("Enter");
  await tab.keyboard.type("../ben");
  await tab.keyboard.press("Enter");
  await told(tab, "#collecting", "Name a visible file or folder as students see it");
  await tab.fill("#collecting-path", "week2/hw1.ipynb");
  await tab.keyboard.press("Enter");
  await told(tab, "#collecting", "2 changed, 2 missing.");
  const rows = await rowsIn(tab, "#collecting");
  seen["table of what was collected"] = rows.map(([user, state, , size, note]) => [
    user,
    state,
    size,
    note,
  ]);
  seen["axe, collect"] = await axe(tab);
  await shot(tab, "collect");
  const save = tab.getByRole("button", { name: "Download hw1.zip" });
  const [download] = await Promise.all([tab.waitForEvent("download"), save.click()]);
  seen["name of the archive"] = download.suggestedFilename();
  const archive = join(folder, "collected.zip");
  await download.saveAs(archive);
  const unpacked = join(folder, "unpacked");
  await execa("python3", ["-m", "zipfile", "-e", archive, unpacked]);
  const { stdout } = await execa("find", [".", "-type", "f"], { cwd: unpacked });
  seen["files of the archive"] = stdout.split("\n").toSorted();
  seen["work of ben"] = await readFile(join(unpacked, "submitted/ben/hw1/hw1.ipynb"), "utf8");
  await tab.setViewportSize({ width: 390, height: 844 });
  seen["axe, phone"] = await axe(tab);
  await shot(tab, "phone");
  const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  seen["pixels beside a phone"] = await tab.evaluate(overflow);
  await tab.emulateMedia({ colorScheme: "dark" });
  seen["axe, dark"] = await axe(tab);
  await shot(tab, "phone-dark");
};

const site = await startLoopbackHub("test/e2e/support/room-handout/handout_hub.py");
const browser = await openChromium();
try {
  const tab = await openRoom(browser, site.origin);
  const errors: string[] = [];
  tab.on("pageerror", (error) => errors.push(String(error)));
  await handOut(tab, site);
  await collect(tab, site);
  seen["errors of the page"] = errors;
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${JSON.stringify(seen)}\n${JSON.stringify(await site.ask("log"))}\n`);
  throw error;
} finally {
  await browser.close();
  await site.close();
}
