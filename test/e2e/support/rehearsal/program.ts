import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findChromium } from "../../../../src/rehearsal/browser/chromium.js";
import { figuresOf } from "../../../../src/rehearsal/figures.js";
import { measureLine } from "../../../../src/rehearsal/line.js";
import { builtInNotebook, readNotebook } from "../../../../src/rehearsal/notebook.js";
import { runRound } from "../../../../src/rehearsal/round.js";
import { startRehearsalSite } from "./site.js";

// Rehearses on loopback with real JupyterLabs: a round that is good, one whose notebook ends the kernel, and one with too few seats. Writes
// what it saw to seen.json in the folder that is its only argument.

const [folder = "."] = process.argv.slice(2);

const hog = {
  nbformat: 4,
  nbformat_minor: 4,
  metadata: {},
  cells: ["1 + 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "2 + 2"].map(
    (source) => ({ cell_type: "code", metadata: {}, outputs: [], execution_count: null, source }),
  ),
};
await writeFile(join(folder, "hog.ipynb"), JSON.stringify(hog));

const place = await startRehearsalSite();
try {
  const { site } = await measureLine(place.site);
  const round = async (people: number, notebook = builtInNotebook(), chromium?: string) => {
    const plan = { arrival: "at once", site, people, workMs: 15_000, notebook, chromium } as const;
    const { signal } = new AbortController();
    const seen = await runRound(place.hub, { ...plan, signal, progress: () => {} });
    return { figures: figuresOf(seen), left: await place.hub.end() };
  };
  const good = await round(3, builtInNotebook(), await findChromium());
  const bad = await round(2, await readNotebook(join(folder, "hog.ipynb")));
  await place.setSeats(1);
  const queued = await round(2);
  const seen = {
    good: good.figures,
    bad: bad.figures,
    queued: queued.figures,
    left: [good, bad, queued].flatMap(({ left }) => left),
    services: await place.services(),
  };
  await writeFile(join(folder, "seen.json"), JSON.stringify(seen));
} finally {
  await place.close();
}
