import { type Site, createBrowser } from "./browser/browser.js";
import { filesOf } from "./browser/page-text.js";

/** The line from this computer to the class: the shortest round trip in milliseconds, bytes per second, why the certificate is not valid. */
export type Line = { roundTrip: number; rate: number; certificate?: string };

const trips = 5;
const patienceMs = 30_000;

/** Measures the line with the files of the login page. Throws if the class does not answer. */
export const measureLine = async (site: Site): Promise<Line & { site: Site }> => {
  try {
    return { ...(await measure(site)), site };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!site.verify || !/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)) throw error;
    const unverified = { ...site, verify: false };
    return {
      ...(await measure(unverified)),
      site: unverified,
      certificate: (error as Error).message,
    };
  }
};

const measure = async (site: Site): Promise<Line> => {
  const browser = createBrowser(site, Date.now() + patienceMs);
  try {
    const times: number[] = [];
    for (let trip = 0; trip < trips; trip += 1)
      times.push((await browser.request("/hub/health", { purpose: "data" })).ms);
    const { body } = await browser.request("/hub/login");
    const before = browser.traffic().bytes;
    const began = performance.now();
    await Promise.all(filesOf(body).map((path) => browser.request(path, { purpose: "file" })));
    const seconds = Math.max(performance.now() - began, 1) / 1000;
    return { roundTrip: Math.min(...times), rate: (browser.traffic().bytes - before) / seconds };
  } finally {
    browser.close();
  }
};
