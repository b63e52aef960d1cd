import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { stopServer } from "../browser.js";
import { openChromium, photographAll } from "../chromium.js";
import { domain, startSubdomainsSite } from "../origin/subdomains-site.js";
import { hub, logIn, say } from "./steps.js";

// Chromium uses JupyterLab with the extension of the class on loopback. Prints as JSON what it saw; the only argument is the folder of
// the screenshots.

const seen: Record<string, unknown> = {};
const [folder = "."] = process.argv.slice(2);
const hostile = "<img src=x onerror=document.title='hacked'>\nWe continue at 11:30";
const withNewLine = "#swarmhub-class-announcement div";

const openLab = async (page: Page, host: string): Promise<void> => {
  await page.goto(`${hub}/hub/spawn`);
  await page.waitForURL(`${host}/user/bob/lab*`, { timeout: 90_000 });
  await page.locator("#jp-main-dock-panel").waitFor({ timeout: 60_000 });
  await page.locator("#swarmhub-class-help").waitFor({ timeout: 60_000 });
};

const secondsOf = async (name: string, work: () => Promise<unknown>): Promise<void> => {
  const begun = performance.now();
  await work();
  seen[`seconds until ${name}`] = Number(((performance.now() - begun) / 1000).toFixed(1));
};

/** What a student in JupyterLab and a teacher on the page of the room do with each other. */
const teach = async (what: string, lab: Page, room: Page): Promise<Record<string, unknown>> => {
  const found: Record<string, unknown> = {};
  const errors: string[] = [];
  lab.on("pageerror", (error) => errors.push(String(error)));
  const box = lab.locator(withNewLine);
  await say(room, hostile);
  await secondsOf(`${what}: announced`, () => box.waitFor({ timeout: 30_000 }));
  found["text"] = await box.textContent();
  await lab.waitForTimeout(500);
  found["title is hacked"] = (await lab.title()) === "hacked";
  found["asks about news"] = (await lab.getByText("Jupyter news").count()) > 0;
  await lab.screenshot({ path: join(folder, `${what} announced.png`) });
  await room.screenshot({ path: join(folder, `${what} room.png`), fullPage: true });
  await room.click("#withdraw");
  await secondsOf(`${what}: withdrawn`, () => box.waitFor({ state: "detached", timeout: 30_000 }));
  await say(room, "Back at noon");
  await lab.getByText("Back at noon").waitFor({ timeout: 30_000 });
  await lab.getByRole("button", { name: "Close the announcement" }).click();
  await lab.reload();
  await lab.locator("#swarmhub-class-help").waitFor({ timeout: 60_000 });
  await lab.waitForTimeout(2000);
  found["after the student has closed it"] = await box.count();
  await room.click("#withdraw");

  // What the hub says of a server that ran out of memory: hub/tests/room/test_announcement.py.
  const notice = { id: "1", text: "Your server reached its memory limit <b>(1 GB)</b>" };
  const tokens = new Set<string | undefined>();
  await lab.route("**/services/room/announcement", (route) => {
    const { authorization } = route.request().headers();
    tokens.add(authorization?.slice(0, 6));
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
    return route.fulfill({ json: { notice }, headers });
  });
  const own = lab.locator("#swarmhub-class-notice");
  await own.waitFor({ timeout: 30_000 });
  found["notice"] = await own.locator("div").textContent();
  await lab.screenshot({ path: join(folder, `${what} notice.png`) });
  await lab.getByRole("button", { name: "Close the notice" }).click();
  await lab.waitForTimeout(12_000);
  found["closed notice"] = await own.count();
  found["token with the question"] = [...tokens].filter((each) => each !== undefined);
  await lab.unroute("**/services/room/announcement");

  const row = room.locator("tbody tr", { has: room.getByRole("button", { name: "bob" }) });
  const button = lab.locator("#swarmhub-class-help");
  await button.click();
  await secondsOf(`${what}: called`, () => row.getByText("Asks for help since").waitFor());
  await lab.getByText("You asked for help").waitFor();
  await lab.screenshot({ path: join(folder, `${what} called.png`) });
  await row.getByRole("button", { name: "bob" }).click();
  await room.getByRole("button", { name: "Help was given" }).click();
  await secondsOf(`${what}: helped`, () =>
    lab.getByText("I need help").waitFor({ timeout: 30_000 }),
  );
  await button.click();
  await row.getByText("Asks for help since").waitFor();
  await lab.waitForTimeout(1200);
  await button.click();
  await row.getByText("Asks for help since").waitFor({ state: "detached" });
  found["taken off by the student"] = await row.locator(".state").textContent();

  let requests = 0;
  lab.on("request", (request) => (requests += Number(request.url().includes("/services/room/"))));
  await lab.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })");
  await lab.waitForTimeout(1000);
  requests = 0;
  await lab.waitForTimeout(13_000);
  found["requests while hidden"] = requests;
  found["errors"] = errors;
  return found;
};

const useBoth = async (browser: Browser, switchOn: () => Promise<void>): Promise<void> => {
  const [student, teacher] = [await browser.newContext(), await browser.newContext()];
  const lab = await logIn(student, "bob", "Größe-101");
  await openLab(lab, hub);
  const room = await logIn(teacher, "ada", "0123456789abcdef".repeat(2));
  await room.goto(`${hub}/services/room/`);
  seen["one host"] = await teach("one host", lab, room);
  await lab.close();

  await switchOn();
  const again = await logIn(await browser.newContext(), "bob", "Größe-101");
  await stopServer(again, hub);
  await openLab(again, `https://bob.${domain}`);
  await teacher.clearCookies();
  const roomAgain = await logIn(teacher, "ada", "0123456789abcdef".repeat(2));
  await roomAgain.goto(`${hub}/services/room/`);
  seen["subdomains"] = await teach("subdomains", again, roomAgain);
};

const site = await startSubdomainsSite();
const browser = await openChromium({
  hosts: { [domain]: site.port, [`*.${domain}`]: site.port },
  keys: [site.key],
});
try {
  await useBoth(browser, site.switchOn);
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${JSON.stringify(seen)}\n`);
  await photographAll(browser, folder);
  throw error;
} finally {
  await browser.close();
  await site.close();
}
