import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { assetPath } from "../../../../src/operator/assets.js";
import { waitUntil } from "../../../../src/wait.js";
import { openChromium } from "../chromium.js";
import { type LoopbackHub, startLoopbackHub } from "../loopback-hub.js";
import { act, giveRoom, openPerson, rowOf } from "./page.js";
import {
  certificateLines,
  curves,
  hideTab,
  restartServer,
  silence,
  startAll,
} from "./whole-class.js";
import { axe } from "./axe.js";

// Chromium uses the page of the room on loopback. Prints as JSON what it saw; the only argument is the folder of the screenshots.

const seen: Record<string, unknown> = {};
const [folder = "."] = process.argv.slice(2);
const teacherPassword = "fedcba9876543210".repeat(2);

const logIn = async (context: BrowserContext, origin: string, user: string, password: string) => {
  const tab = await context.newPage();
  await tab.goto(`${origin}/hub/login?next=%2Fhub%2Fhome`);
  await tab.fill("#username_input", user);
  await tab.fill("#password_input", password);
  await tab.click("#login_submit");
  await tab.waitForURL(/\/hub\/home$/);
  await tab.close();
  return context;
};

const shot = (tab: Page, name: string) =>
  tab.screenshot({ path: join(folder, `${name}.png`), fullPage: true });

const useAsTeacher = async (browser: Browser, site: LoopbackHub) => {
  const { origin, ask } = site;
  const size = { width: 1360, height: 900 };
  // axe is added as a script tag, which the page's own policy refuses.
  const context = await browser.newContext({ viewport: size, bypassCSP: true });
  await logIn(context, origin, "grace", teacherPassword);
  const tab = await context.newPage();
  const errors: string[] = [];
  tab.on("pageerror", (error) => errors.push(String(error)));
  let loaded = 0;
  tab.on("response", (response) => {
    if (response.url().includes("/events")) return;
    void response.body().then(
      ({ length }) => (loaded += length),
      () => undefined,
    );
  });
  await tab.goto(`${origin}/services/room/`);
  await rowOf(tab, "ben").getByText("Running, kernel busy").waitFor({ timeout: 60_000 });
  await rowOf(tab, "ivo").getByText("Failed at").waitFor({ timeout: 60_000 });
  await rowOf(tab, "farid").getByText("Starting").waitFor();
  await tab.getByText("34 of 34 seats taken").waitFor({ timeout: 60_000 });
  await tab.getByText("Number 1 in the queue").waitFor();
  await rowOf(tab, "ben").getByText("of 1 GB").waitFor({ timeout: 60_000 });
  await tab.getByText("The home of greta is 98 % full").waitFor({ timeout: 60_000 });
  seen["bytes to load"] = loaded;
  const machine = tab.locator("#machines li", { hasText: "node2" });
  await machine.getByText(/^[\d.]+ GB of 32 GB$/).waitFor();

  await ask("end carla");
  await rowOf(tab, "carla")
    .getByText(/ended for memory at/)
    .waitFor({ timeout: 40_000 });
  await ask("fill hannah");
  await tab.getByText("outside the homes, hannah wrote 7 GB").waitFor({ timeout: 30_000 });
  seen["a name that is HTML"] = [
    await tab.getByRole("button", { name: "<img src=x" }).count(),
    await tab.title(),
  ];
  await tab.waitForTimeout(6000);
  await shot(tab, "desktop");
  seen["axe, light"] = await axe(tab);

  seen["curves"] = await curves(tab);
  await useDialogs(tab, site);
  seen["restart"] = await restartServer(tab, site, "kenji");
  await useDoors(tab);
  await hideNames(tab);
  await tab.emulateMedia({ colorScheme: "dark" });
  await shot(tab, "dark");
  seen["axe, dark"] = await axe(tab);
  await tab.emulateMedia({ colorScheme: "light" });
  await tab.locator("#result").waitFor({ state: "hidden" });
  await tab.setViewportSize({ width: 390, height: 844 });
  await shot(tab, "phone");
  seen["axe, phone"] = await axe(tab);
  const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  seen["pixels beside a phone"] = await tab.evaluate(overflow);
  await tab.setViewportSize(size);

  await measure(tab, site);
  await surviveRestart(tab, site);
  seen["silent machine"] = await silence(tab, site, "node2");
  seen["start all"] = await startAll(tab);
  seen["hidden tab"] = await hideTab(tab);
  seen["certificates"] = await certificateLines(await context.newPage(), origin, [60, 5, -2]);
  seen["errors of the page"] = errors;
  return context;
};

/** The dialog of somebody who failed, a stop that asks for the name, and a larger home. */
const useDialogs = async (tab: Page, { ask }: LoopbackHub) => {
  await openPerson(tab, "ivo");
  await tab.locator("#person-output pre").getByText("No module named").waitFor();
  await shot(tab, "failed");
  seen["axe, dialog"] = await axe(tab);
  await tab.keyboard.press("Escape");

  await giveRoom(tab, "greta", 8);
  await rowOf(tab, "greta").getByText("of 8 GB").waitFor();
  seen["warning of a home that has more room"] = await tab.getByText("The home of greta").count();

  await act(tab, "ben", "Interrupt the kernel");
  await rowOf(tab, "ben")
    .getByText(/^Running$/)
    .waitFor({ timeout: 30_000 });

  await act(tab, "amira", "Stop the server…");
  const stop = tab.getByRole("button", { name: "Stop the server", exact: true });
  await tab.fill("#confirm-input", "geo-10");
  seen["stop without the name"] = (await stop.isDisabled()) ? "disabled" : "enabled";
  await tab.fill("#confirm-input", "geo-101");
  await shot(tab, "confirm");
  await stop.click();
  await rowOf(tab, "amira").getByText("Not here").waitFor({ timeout: 40_000 });
  seen["stopped"] = !((await ask("services")) as string[]).includes("geo-101-nb-amira");

  await act(tab, "ben", "Restart safely…", "geo-101");
  await waitUntil(async () => ((await ask("is-safe ben")) === true ? true : undefined), {
    deadline: 60_000,
    otherwise: () => new Error("ben's server did not restart safely"),
  });
  await rowOf(tab, "ben").getByText("Running").waitFor({ timeout: 60_000 });
};

/** Closes the doors with the keyboard alone, and opens them. */
const useDoors = async (tab: Page) => {
  await tab.focus("#close-doors");
  await tab.keyboard.press("Enter");
  await tab.selectOption("#doors-stop", "600");
  await shot(tab, "doors");
  seen["axe, doors"] = await axe(tab);
  await tab.focus("#doors-form button");
  await tab.keyboard.press("Enter");
  await tab.keyboard.type("geo-101");
  await tab.keyboard.press("Enter");
  await tab.getByText("The class geo-101 is closed.").waitFor();
  await tab.locator("#announcement").getByText("Save your work.").waitFor();
  seen["start all while closed"] = await tab.locator("#start-all").isDisabled();
  seen["axe, closed"] = await axe(tab);
  await shot(tab, "closed");
  await tab.click("#open-doors");
  await tab.locator("#closed").waitFor({ state: "hidden" });
  await tab.locator("#announcement").waitFor({ state: "hidden" });
};

const hideNames = async (tab: Page) => {
  await tab.keyboard.press("n");
  await tab.getByRole("button", { name: "Person 1", exact: true }).waitFor();
  const text = await tab.locator("body").innerText();
  seen["hidden names"] = ["ben", "greta", "hannah", "grace"].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(text),
  );
  await shot(tab, "hidden");
  await tab.keyboard.press("n");
};

type Costs = Record<"hub" | "service", number>;

/** What an open page costs while nobody does anything, and the hub without it. */
const measure = async (tab: Page, { origin, ask }: LoopbackHub) => {
  const client = await tab.context().newCDPSession(tab);
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.eventSourceMessageReceived", ({ data }) => (bytes += data.length));
  const percents = async (seconds: number): Promise<Costs> => {
    const before = (await ask("cost")) as Costs;
    await tab.waitForTimeout(seconds * 1000);
    const after = (await ask("cost")) as Costs;
    const percent = (name: keyof Costs) => ((after[name] - before[name]) / seconds) * 100;
    return { hub: percent("hub"), service: percent("service") };
  };
  const open = await percents(45);
  seen["bytes a second"] = Math.round(bytes / 45);
  await tab.goto("about:blank");
  await tab.waitForTimeout(25_000);
  const closed = await percents(45);
  await tab.goto(`${origin}/services/room/`);
  await rowOf(tab, "ben").waitFor();
  seen["percent of a core: hub"] = Number((open.hub - closed.hub).toFixed(2));
  seen["percent of a core: service"] = Number(open.service.toFixed(2));
};

const surviveRestart = async (tab: Page, { ask }: LoopbackHub) => {
  await tab.evaluate("window.stays = true");
  const restarting = ask("restart");
  await tab.getByText("The hub does not answer").first().waitFor({ timeout: 30_000 });
  await shot(tab, "restart");
  await restarting;
  await tab.locator("#problem").waitFor({ state: "hidden", timeout: 60_000 });
  await ask("start tomas");
  await rowOf(tab, "tomas").getByText("Not here").waitFor({ state: "hidden", timeout: 60_000 });
  seen["the same page after a restart of the hub"] = await tab.evaluate("window.stays === true");
};

/** What a student, and the page of a student's server in the teacher's browser, get. */
const attack = async (browser: Browser, teacher: BrowserContext, origin: string) => {
  // Somebody new: the names of all others have a server by now, of which the login would ask whose it is.
  const student = await logIn(await browser.newContext(), origin, "oskar", "Größe-101");
  const tab = await student.newPage();
  const answer = await tab.goto(`${origin}/services/room/`);
  seen["a student"] = answer?.status();
  const hostile = await teacher.newPage();
  await hostile.goto(`${origin}/user/ben/x`);
  // Else the attacks would run in the proxy's own page about a server that does not answer.
  await hostile.getByText("hello").waitFor({ timeout: 60_000 });
  await hostile.addScriptTag({ path: assetPath("test/e2e/support/origin/attacks.js") });
  const leaks: string[] = [];
  const look = async (name: string, ...argv: string[]) => {
    const text = await hostile.evaluate(`${name}(...${JSON.stringify(argv)})`);
    if (/data-xsrf|event: room|"people"/.test(String(text)))
      leaks.push(`${name} ${argv.join(" ")}`);
  };
  for (const path of ["/services/room/", "/services/room/events", "/hub/api/room"]) {
    for (const mode of ["no-cors", "cors", "same-origin"]) await look("readByFetch", path, mode);
    await look("readByFrame", path);
  }
  await look("readByWindow", "/services/room/");
  seen["a page of a user's server read"] = leaks;
};

const site = await startLoopbackHub("test/e2e/support/room/room_hub.py");
const browser = await openChromium();
try {
  const teacher = await useAsTeacher(browser, site);
  await attack(browser, teacher, site.origin);
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${JSON.stringify(seen)}\n${JSON.stringify(await site.ask("log"))}\n`);
  throw error;
} finally {
  await browser.close();
  await site.close();
}
