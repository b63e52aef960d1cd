import type { Page } from "playwright-core";
import { waitUntil } from "../../../../src/wait.js";
import type { LoopbackHub } from "../loopback-hub.js";
import { act, rowOf } from "./page.js";

/** Restarts a running server with the class's name; returns how many services were made for it before and after. */
export const restartServer = async (tab: Page, { ask }: LoopbackHub, name: string) => {
  const made = async () => Number(await ask(`made ${name}`));
  const before = await made();
  await act(tab, name, "Restart the server…", "geo-101");
  await waitUntil(async () => ((await made()) > before ? true : undefined), {
    deadline: 60_000,
    otherwise: () => new Error(`${name}'s server did not restart`),
  });
  await rowOf(tab, name)
    .getByText(/^Running/)
    .waitFor({ timeout: 60_000 });
  return [before, await made()];
};

/** The curves since the morning: what each draws, in words and in kinds of shapes; false where a number is missing. */
export const curves = async (tab: Page) => {
  const found: Record<string, unknown> = {};
  for (const id of ["seats-curve", "memory-curve", "starts-curve"]) {
    const curve = tab.locator(`#${id}`);
    const paths = await curve.locator("path").all();
    const shapes = await Promise.all(paths.map(async (path) => path.getAttribute("d")));
    const label = (await curve.getAttribute("aria-label")) ?? "";
    const axis = await curve.locator("xpath=following-sibling::p[1]/span").allInnerTexts();
    found[id] = {
      "says when or how many": /^(Seats taken|Memory) since \S|^\d+ starts: half of them/.test(
        label,
      ),
      "paths with numbers": shapes.map((d) => /^M[\d.MLHVZh ]+$/.test(d ?? "")),
      "times below it": axis.map((text) => /^\d\d:\d\d/.test(text)),
    };
  }
  return found;
};

/** What the page says of a machine whose reports end, and whether it has figures. */
export const silence = async (tab: Page, { ask }: LoopbackHub, name: string) => {
  const machine = tab.locator("#machines li", { hasText: name });
  const figure = machine.getByText(/^[\d.]+ GB of 32 GB$/);
  await figure.waitFor({ timeout: 60_000 }); // the hub has just been restarted
  await ask(`silence ${name}`);
  await machine.getByText(/^No news since \d\d:\d\d/).waitFor({ timeout: 60_000 });
  const figures = await machine.locator("dl").count();
  await tab.getByText(`${name} has not reported its state since`).waitFor({ timeout: 60_000 });
  await ask("silence");
  await figure.waitFor({ timeout: 60_000 });
  return { "figures while silent": figures, words: await machine.locator(".words").count() };
};

/** What the page says of certificates that end after these days. The stream is the test's own, because loopback has no certificate. */
export const certificateLines = async (tab: Page, origin: string, days: readonly number[]) => {
  const said: string[] = [];
  for (const each of days) {
    const end = Date.now() / 1000 + (each + 0.5) * 86_400;
    await tab.route("**/services/room/events?*", (route) =>
      route.fulfill({
        contentType: "text/event-stream",
        body: `retry: 600000\n\nevent: certificate\ndata: ${JSON.stringify({ end })}\n\n`,
      }),
    );
    await tab.goto(`${origin}/services/room/`);
    const line = tab.locator("#certificate");
    await line.waitFor();
    const look = (await line.getAttribute("class")) === "bad" ? "bad: " : "";
    said.push(`${look}${(await line.innerText()).replace(/\w+ \d+, \d{4}/, "DATE")}`);
    await tab.unroute("**/services/room/events?*");
  }
  return said;
};

/** Hides the tab and shows it again; whether its stream ended and began again. Chromium without a window hides no tab by itself. */
export const hideTab = async (tab: Page) => {
  const isStream = (request: { url: () => string }) => request.url().includes("/room/events?");
  const show = (isHidden: boolean) =>
    tab.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
    );
  const ended = tab.waitForEvent("requestfailed", { predicate: isStream });
  await show(true);
  await ended;
  let begun = 0;
  tab.on("request", (request) => (begun += Number(isStream(request))));
  await tab.waitForTimeout(5000); // an error would open it again after 2 s
  const whileHidden = begun;
  const again = tab.waitForRequest(isStream, { timeout: 20_000 });
  await show(false);
  await again;
  return { "streams while hidden": whileHidden, "streams when shown again": begun };
};

/** Starts the server of everybody who has none; returns what was asked, and who still has neither a server nor a place in the queue. */
export const startAll = async (tab: Page) => {
  const away = tab.locator("tbody tr", {
    hasNot: tab.locator(".role"),
    has: tab.locator(".state.away, .state.failed"),
  });
  const names = await away.getByRole("button").allInnerTexts();
  await tab.click("#start-all");
  const title = await tab.locator("#confirm-title").innerText();
  await tab.click("#confirm-yes");
  const waiting = tab.locator(".state.queued, .state.starting, .state.running, .state.failed");
  const left: string[] = [];
  for (const name of names)
    await rowOf(tab, name)
      .locator(waiting)
      .waitFor({ timeout: 60_000 })
      .catch(() => left.push(name));
  await tab
    .getByText(/Number \d+ in the queue/)
    .first()
    .waitFor({ timeout: 60_000 });
  return {
    "asked for all of them": title === `Start ${names.length} servers?`,
    several: names.length > 1,
    "without a server": left,
  };
};
