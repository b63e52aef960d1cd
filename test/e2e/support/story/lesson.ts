import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import type { Lab } from "../lab.js";

/** The names of the twelve students: those in `lab` have JupyterLab, all others a light server. */
export const students = {
  lab: ["amira", "carla", "dora"],
  light: ["ben", "elif", "farid", "greta", "hugo", "ines", "jamal", "kenji", "lena"],
};

/** What the slowest step of a lesson may take on a busy machine (ms). Nothing waits so long where something moves. */
export const patience = 240_000;

/** A class in which a few students have JupyterLab, and the others a server that costs little: one worker alone has room for all. */
export const storyYaml = (lab: Lab, light: string): string => `name: warm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login:
  shared-password: from-env ROOM_PASSWORD
  teachers: [grace]
  groups:
    everybody: [${[...students.lab, ...students.light].join(", ")}]
    lab: {members: [${students.lab.join(", ")}], images: [JupyterLab]}
servers:
  images:
    - {name: JupyterLab, image: "${lab.image}", memory: 320M}
    - {name: Light, image: "${light}"}
  memory: 64M
  cpu: 1
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;

const desktop = { width: 1360, height: 900 };

/** Opens the page of the room in a browser, as a teacher. */
export const openRoom = async (
  browser: Browser,
  address: string,
  user: string,
  password: string,
): Promise<Page> => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: desktop });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(`${address}/services/room/`);
  await page.fill("#username_input", user);
  await page.fill("#password_input", password);
  await page.click("#login_submit");
  await page.waitForURL(/\/services\/room\/$/, { timeout: patience });
  await page.locator("tbody tr").first().waitFor({ timeout: patience });
  return page;
};

/** Photographs the page of the room as it is on a desktop. */
export const photograph = (page: Page, folder: string, name: string): Promise<unknown> =>
  page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });

/** The same in the dark, and on a phone; afterwards the page is as before. */
export const photographElsewhere = async (page: Page, folder: string): Promise<void> => {
  await page.emulateMedia({ colorScheme: "dark" });
  await photograph(page, folder, "dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await photograph(page, folder, "phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await photograph(page, folder, "phone");
  await page.setViewportSize(desktop);
};

/** Writes the folder that is handed out: a notebook with an empty cell. */
export const writeLesson = async (folder: string): Promise<void> => {
  await mkdir(join(folder, "week2"), { recursive: true });
  const cell = {
    cell_type: "code",
    id: "a",
    metadata: {},
    source: "",
    outputs: [],
    execution_count: null,
  };
  const kernelspec = { display_name: "Python 3 (ipykernel)", language: "python", name: "python3" };
  const notebook = { cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  await writeFile(join(folder, "week2/lab1.ipynb"), JSON.stringify(notebook));
};

/** Opens a notebook of the home in an open JupyterLab, and waits until its kernel is idle. */
export const openNotebook = async (page: Page, user: string, path: string): Promise<void> => {
  const { origin } = new URL(page.url());
  await page.goto(`${origin}/user/${user}/lab/tree/${path}`, { timeout: patience });
  await page
    .locator(".jp-Notebook:visible .jp-Cell .cm-content")
    .first()
    .waitFor({ timeout: patience });
  await page.getByText("Python 3 (ipykernel) | Idle").waitFor({ timeout: patience });
};

/** Runs a cell that does not end by itself; `Locator` is the place of its output. */
export const beginCell = async (page: Page, code: string): Promise<Locator> => {
  const notebook = page.locator(".jp-Notebook:visible");
  await notebook.locator(".jp-Cell .cm-content").last().click();
  // Like a paste: while typing, the editor indents and closes brackets by itself.
  await page.keyboard.insertText(code);
  await page.keyboard.press("Shift+Enter");
  return notebook.locator(".jp-OutputArea-output").last();
};
