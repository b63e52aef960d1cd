import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { findChromium } from "../../src/rehearsal/browser/chromium.js";
import { builtInNotebook } from "../../src/rehearsal/notebook.js";
import { visitInBrowser } from "../../src/rehearsal/probe.js";
import { tablesOf, measuredText } from "../../src/rehearsal/report/text.js";
import { person, rehearsalOf, round } from "./support/examples.js";
import { fakeClass } from "./support/fake-class.js";

const guest = { name: "Rehearsal-1", ticket: "t1" };

/** A program with this name that does `script`, in a folder of its own. */
const programWith = async (name: string, script: string): Promise<string> => {
  const path = join(await mkdtemp(join(tmpdir(), "swarmhub-probe-")), name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
};

const planFor = (address: string) => ({
  site: { address, verify: true },
  notebook: builtInNotebook(),
  workUntil: (ready: number) => ready,
  deadline: Date.now() + 20_000,
  signal: new AbortController().signal,
  onPhase: () => {},
});

test("Chromium is found by its name in the order of preference, and only if it can be run", async (t) => {
  const chromium = await programWith("chromium", "");
  const chrome = await programWith("google-chrome", "");
  const folder = (path: string): string => path.replace(/\/[^/]+$/, "");
  t.is(await findChromium(`${folder(chrome)}:${folder(chromium)}`), chromium);
  await chmod(chromium, 0o644);
  t.is(await findChromium(`:${folder(chromium)}:${folder(chrome)}`), chrome);
});

test("without a Chromium that starts, the person comes without a browser, and the report says why", async (t) => {
  const { address } = await fakeClass(t, {});
  const program = await programWith("chromium", "exit 1");
  const { result, browser } = await visitInBrowser(guest, program, planFor(address));
  t.is(result.failure, undefined);
  t.true(result.ready !== undefined);
  t.regex(browser.failure ?? "", /^Chromium did not start: /);
  const rehearsal = rehearsalOf([round([person(1, 9)], { browser })]);
  t.regex(measuredText(rehearsal).join("\n"), /The browser was not measured to the end: Chromium/);
  t.false(tablesOf(rehearsal).some(({ heading }) => heading.includes("browser")));
});

test("the times of the browser are beside those of the others", (t) => {
  const times = { ...person(1, 9).times, JupyterLab: [1200] };
  const browser = { program: "Chromium 156", login: 900, start: 8000, JupyterLab: 4200 };
  const rehearsal = rehearsalOf([round([person(1, 9, { times })], { browser })]);
  t.deepEqual(tablesOf(rehearsal)[1], {
    heading: "one of them in a real browser, Chromium 156",
    columns: ["phase", "browser", "others (p50)"],
    rows: [
      ["login page and login", "900 ms", ""],
      ["start of the server, and the queue", "8.0 s", ""],
      ["JupyterLab, until it can be used", "4.2 s", "1.2 s"],
    ],
  });
});
