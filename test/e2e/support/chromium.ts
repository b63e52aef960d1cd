import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** How long a page may take for what it is waited for, in ms. Playwright's half minute is too short on a busy machine. */
const patience = 60_000;

/**
 * Debian's Chromium, headless. `hosts` has names with the ports of loopback at which it finds them, also "*.example.org"; `keys` the hashes
 * of keys whose certificates it believes (keyHash in login/site.ts).
 */
export const openChromium = async ({
  hosts = {},
  keys = [],
}: { hosts?: Record<string, number>; keys?: readonly string[] } = {}): Promise<Browser> => {
  const rules = Object.entries(hosts).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      ...(rules.length > 0 ? [`--host-resolver-rules=${rules.join(", ")}`] : []),
      ...(keys.length > 0 ? [`--ignore-certificate-errors-spki-list=${keys.join(",")}`] : []),
    ],
  });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(patience);
    return context;
  };
  return browser;
};

/** Photographs all pages that are open, as after a failure. */
export const photographAll = async (browser: Browser, folder: string): Promise<void> => {
  const pages = browser.contexts().flatMap((context) => context.pages());
  for (const [index, page] of pages.entries())
    await page.screenshot({ path: join(folder, `failed ${index}.png`) }).catch(() => undefined);
};
