import { uptime } from "node:os";
import { join } from "node:path";
import { storageFiles, storageFolders, storageRoot } from "../contracts/storage-folders.js";
import { createCommandRunner } from "./command-runner.js";
import { createRun, wordsOf } from "./command.js";
import { fullScan } from "./full-scan.js";
import { type KnownState, createKnownState } from "./known-state.js";
import { type LimitsSnapshot, createLimits } from "./limits.js";
import { keepWatch } from "./loop.js";
import { createReadiness } from "./mount-check.js";
import { type PassReport, makePass } from "./pass.js";
import { readHighestId, statusOf, writeStatus } from "./status.js";
import { createStorage } from "./storage.js";
import { createTrash } from "./trash.js";
import { type Wakeup, createWakeup, notifyOnChange } from "./wakeup.js";

const root = storageRoot;

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
  const wakeup = createWakeup();
  const highestId = await readHighestId(root);
  const knownState = createKnownState(() => fullScan(root, run), wakeup.notify, steady, highestId);
  const storage = createStorage(root, createCommandRunner(stop.signal), knownState);
  const readLimits = createLimits(root);
  const trash = createTrash(root, run, { wall: Date.now, steady }, (entry) => {
    say(`erased ${entry} from the trash`);
    wakeup.notify();
  });
  let snapshot: LimitsSnapshot | undefined;
  let begun = 0;
  const missing = await keepWatch(
    {
      isReady: createReadiness(root, run),
      pass: async () => {
        begun = steady();
        snapshot = readLimits();
        return makePass(storage, snapshot);
      },
      wakeup,
      listen: () => {
        say("limits are in force; watching homes/ and limits/");
        return listenTo(wakeup, knownState);
      },
      onPass: async (outcome) => {
        sayPass(outcome);
        const limits = snapshot?.limits;
        const took = {
          pass: Math.round(steady() - begun),
          ...(knownState.surveyTook !== undefined && {
            fullScan: Math.round(knownState.surveyTook),
          }),
        };
        const found = await trash.tend(limits?.trashDays ?? Infinity);
        const now = { date: new Date(), uptime: uptime() };
        await writeStatus(root, statusOf(outcome, { limits, trash: found, took, now })).catch(
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

const listenTo = (wakeup: Wakeup, knownState: KnownState): (() => void) => {
  const hear = (name: string, isMeant: (changed: string) => boolean) => {
    try {
      return notifyOnChange(join(root, name), wakeup, say, isMeant);
    } catch (error) {
      say(`${join(root, name)} is only looked at: ${wordsOf(error)}`);
      return () => {};
    }
  };
  const stops = [
    hear(storageFolders.homes, (home) => {
      knownState.forget(home);
      return true;
    }),
    hear(storageFolders.limits, () => true),
    hear("", (file) => file === storageFiles.limits),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

await main();
