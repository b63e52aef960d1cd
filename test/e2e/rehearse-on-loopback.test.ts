import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { slugOf } from "../../src/names.js";
import type { RoundFigures } from "../../src/rehearsal/figures.js";
import { outputOf } from "./support/isolated-program.js";
import { jupyterLabCommand } from "./support/python-environment.js";

// Real JupyterLabs behind the real edge, proxy and hub, in a network namespace of their own. Needs no lab.
type Seen = {
  good: RoundFigures;
  bad: RoundFigures;
  queued: RoundFigures;
  left: string[];
  services: string[];
};

/** The hosts of the users' servers: a Swarm would resolve their names. */
const hosts = [1, 2, 3, 4].map(
  (number) => `127.0.0.${number + 1} geo-101-nb-${slugOf(`Rehearsal-${number}`)}`,
);

const rehearseOnLoopback = async <Result>(program: string): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-rehearsal-"));
  const env = { SINGLEUSER: await jupyterLabCommand() };
  await outputOf(`rehearsal/${program}`, { hosts, env, argv: [folder] });
  const seen = JSON.parse(await readFile(join(folder, "seen.json"), "utf8")) as Result;
  await rm(folder, { recursive: true });
  return seen;
};

test.serial(
  "people of a rehearsal work in real JupyterLabs, a cell that ends its kernel is named, and nothing of them stays",
  async (t) => {
    t.timeout(600_000);
    const { good, bad, queued, left, services } = await rehearseOnLoopback<Seen>("program");
    const { browser } = good;
    t.log(good.phases, browser, { requests: good.requests, bytes: good.bytes, delay: good.delay });
    t.deepEqual(good.failures, []);
    t.is(good.cameIn, 3);
    // One of the three comes with Chromium, whose own requests are not counted.
    t.regex(browser?.program ?? "", /^Chromium \d+$/);
    for (const phase of ["login", "start", "JupyterLab"] as const)
      t.true((browser?.[phase] ?? 0) > 0, phase);
    // A browser's first visit has 150 requests and 2.0 MB.
    t.true(good.requests / 3 > 80, `${good.requests} requests`);
    t.true(good.bytes / 3 > 1_000_000, `${good.bytes} bytes`);
    t.like(bad.failures[0], { kind: "memory", people: 2, cells: [2] });
    t.like(queued.failures[0], { kind: "queue", people: 1 });
    t.is(queued.queued, 1);
    t.deepEqual({ left, services }, { left: [], services: [] });
  },
);

type SeenAtInstitution = {
  round: RoundFigures;
  printed: string[];
  asked: string[];
  left: string[];
  services: string[];
};

test.serial(
  "where people log in at an institution, those of a rehearsal come in without it, and the report says so",
  async (t) => {
    t.timeout(600_000);
    const { round, printed, asked, left, services } =
      await rehearseOnLoopback<SeenAtInstitution>("oidc");
    t.log(printed);
    t.deepEqual(round.failures, []);
    t.is(round.cameIn, 2);
    t.regex(round.browser?.program ?? "", /^Chromium \d+$/);
    t.is(round.browser?.failure, undefined);
    t.regex(printed[0] ?? "", /^All 2 people who come all at once come in within [\d.]+ s\.$/);
    t.is(
      printed.at(-1),
      "Left out: the login at the institution. The people of a rehearsal open the login page and come in with a ticket.",
    );
    // Nobody went to the provider.
    t.deepEqual(asked, []);
    t.deepEqual({ left, services }, { left: [], services: [] });
  },
);
