import { readNotebook, builtInNotebook } from "../../../../src/rehearsal/notebook.js";
import { runRound } from "../../../../src/rehearsal/round.js";
import { measureLine } from "../../../../src/rehearsal/line.js";
import { startRehearsalSite } from "./site.js";

// Rehearses on loopback with real JupyterLabs. Prints as JSON what it saw; the arguments are the people and a notebook.

const [people = "2", path] = process.argv.slice(2);
const notebook = path === undefined ? builtInNotebook() : await readNotebook(path);
const place = await startRehearsalSite();
try {
  const line = await measureLine(place.site);
  const common = {
    site: line.site,
    people: Number(people),
    workMs: 15_000,
    notebook,
    signal: new AbortController().signal,
    progress: (text: string) => void process.stderr.write(`${text}\n`),
  };
  const round = await runRound(place.hub, { ...common, arrival: "at once" });
  const services = await place.services();
  const left = await place.hub.end();
  process.stdout.write(
    JSON.stringify({ line, round, services, left, after: await place.services() }),
  );
} finally {
  await place.close();
}
