import { uptime } from "node:os";
import { join } from "node:path";
import { createHelper } from "./command-runner.js";
import { createRun, wordsOf } from "./command.js";
import { survey } from "./full-scan.js";
import { type Memory, createMemory } from "./known-state.js";
import { type Limits, createLimits } from "./limits.js";
import { keepWatch } from "./loop.js";
import { createReadiness } from "./mount-check.js";
import { type PassReport, makePass } from "./pass.js";
import { readHighestId, statusOf, writeStatus } from "./status.js";
import { createStorage } from "./storage.js";
import { createTrash } from "./trash.js";
import { type Bell, createBell, ringOnChange } from "./wakeup.js";

const root = process.env["SWARMHUB_STORAGE"] ?? "/srv/swarmhub";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const sayPass = (outcome: PassReport | { problem: string }): void => {
  if ("problem" in outcome) return say(`no pass: ${outcome.problem}`);
  const { mended, failures } = outcome;
  if (mended.length > 0) say(`limited ${mended.length}: ${firstOf(mended)}`);
  for (const { home, reason } of failures.slice(0, 10)) say(`${home}: ${reason}`);
  if (failures.length > 10) say(`… and ${failures.length - 10} more`);
};

const firstOf = (names: readonly string[]): string =>
  names.length > 10 ? `${names.slice(0, 10).join(" ")} …` : names.join(" ");

const steady = (): number => performance.now();

const main = async (): Promise<void> => {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  const run = createRun(stop.signal);
  const bell = createBell();
  const highestId = await readHighestId(root);
  const memory = createMemory(() => survey(root, run), bell.ring, steady, highestId);
  const storage = createStorage(root, createHelper(stop.signal), memory);
  const readLimits = createLimits(root);
  const trash = createTrash(root, run, { wall: Date.now, steady }, (entry) => {
    say(`erased ${entry} from the trash`);
    bell.ring();
  });
  let limits: Limits | undefined;
  let begun = 0;
  const missing = await keepWatch(
    {
      isReady: createReadiness(root, run),
      pass: async () => {
        begun = steady();
        limits = readLimits();
        return makePass(storage, limits);
      },
      bell,
      listen: () => {
        say("limits are in force; watching homes/ and limits/");
        return listenTo(bell, memory);
      },
      onPass: async (outcome) => {
        sayPass(outcome);
        const rules = limits?.rules;
        const took = {
          pass: Math.round(steady() - begun),
          ...(memory.surveyTook !== undefined && { survey: Math.round(memory.surveyTook) }),
        };
        const found = await trash.tend(rules?.trashDays ?? Infinity);
        const now = { date: new Date(), uptime: uptime() };
        await writeStatus(root, statusOf(outcome, { rules, trash: found, took, now })).catch(
          (error) => say(`watcher.json was not written: ${wordsOf(error)}`),
        );
      },
    },
    stop.signal,
  );
  if (missing === undefined) return;
  say(missing);
  process.exitCode = 3;
};

const listenTo = (bell: Bell, memory: Memory): (() => void) => {
  const hear = (name: string, isMeant: (changed: string) => boolean) => {
    try {
      return ringOnChange(join(root, name), bell, say, isMeant);
    } catch (error) {
      say(`${join(root, name)} is only looked at: ${wordsOf(error)}`);
      return () => {};
    }
  };
  const stops = [
    hear("homes", (home) => {
      memory.forget(home);
      return true;
    }),
    hear("limits", () => true),
    hear("", (file) => file === "limits.json"),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

await main();
