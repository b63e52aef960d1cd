import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { printRehearsal } from "../../../../src/commands/rehearse/print.js";
import { skippedBy } from "../../../../src/commands/rehearse/skipped.js";
import { findChromium } from "../../../../src/rehearsal/browser/chromium.js";
import { figuresOf } from "../../../../src/rehearsal/figures.js";
import { measureLine } from "../../../../src/rehearsal/line.js";
import { builtInNotebook } from "../../../../src/rehearsal/notebook.js";
import type { Rehearsal } from "../../../../src/rehearsal/rehearsal.js";
import { runRound } from "../../../../src/rehearsal/round.js";
import { fakeConfig } from "../../../support/fakes.js";
import { client, settingsFor } from "../login/oidc-class.js";
import { startOidcServer } from "../login/oidc-server.js";
import { startRehearsalSite } from "./site.js";

// Rehearses on loopback with real JupyterLabs a class whose login is at a real provider of OpenID Connect. Writes what it saw to seen.json in
// the folder that is its only argument.

const [folder = "."] = process.argv.slice(2);
const provider = await startOidcServer(client);
const place = await startRehearsalSite({
  settings: settingsFor(provider),
  secrets: { "login-secret": client.secret, "login-ca": provider.root },
});
try {
  const { site, ...line } = await measureLine(place.site);
  const [people, chromium, notebook] = [2, await findChromium(), builtInNotebook()];
  const { signal } = new AbortController();
  const progress = (): void => {};
  const plan = { site, people, workMs: 5000, notebook, chromium, signal, progress };
  const round = figuresOf(await runRound(place.hub, { arrival: "at once", ...plan }));
  const left = await place.hub.end();
  const config = fakeConfig();
  const method = { kind: "oidc" } as typeof config.login.method;
  const rehearsal: Rehearsal = {
    version: 1,
    class: config.name,
    at: new Date().toISOString(),
    people,
    minutes: 0,
    notebook: notebook.name,
    cells: notebook.cells.length,
    skipped: skippedBy({ ...config, login: { ...config.login, method } }, { chromium, people }),
    line,
    rounds: [round],
  };
  const printed: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text), screen: undefined };
  printRehearsal(rehearsal, undefined, terminal as never, { json: false });
  const asked = [...new Set(provider.asked)];
  const seen = { round, printed, asked, left, services: await place.services() };
  await writeFile(join(folder, "seen.json"), JSON.stringify(seen));
} finally {
  await place.close();
  await provider.stop();
}
