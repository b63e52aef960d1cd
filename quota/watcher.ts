import { uptime } from "node:os";
import { join } from "node:path";
import { storageFiles, storageFolders, storageRoot } from "../contracts/storage-folders.js";
import { createCommandRunner } from "./command-runner.js";
import { createRun, messageOf } from "./command.js";
import { fullScan } from "./full-scan.js";
import { type KnownState, createKnownState } from "./known-state.js";
import { type LimitsSnapshot, createLimits } from "./limits.js";
import { runPasses } from "./loop.js";
import { createMountCheck } from "./mount-check.js";
import { type PassReport, runPass } from "./pass.js";
import { readHighestId, statusOf, writeStatus } from "./status.js";
import { createStorage } from "./storage.js";
import { createTrash } from "./trash.js";
import { type Wakeup, createRepetitions, createWakeup, notifyOnChange } from "./wakeup.js";

const root = storageRoot;

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const logPass = (outcome: PassReport | { problem: string }): void => {
  if ("problem" in outcome) return log(`no pass: ${outcome.problem}`);
  const { repaired, failures } = outcome;
  if (repaired.length > 0) log(`limited ${repaired.length}: ${listText(repaired)}`);
  for (const { home, reason } of failures.slice(0, 10)) log(`${home}: ${reason}`);
  if (failures.length > 10) log(`… and ${failures.length - 10} more`);
};

const listText = (names: readonly string[]): string =>
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
    log(`erased ${entry} from the trash`);
    wakeup.notify();
  });
  let snapshot: LimitsSnapshot | undefined;
  let startedAt = 0;
  const problem = await runPasses(
    {
      checkMount: createMountCheck(root, run),
      pass: async () => {
        startedAt = steady();
        return runPass(storage, () => (snapshot = readLimits()));
      },
      wakeup,
      listen: () => {
        log("limits are in force; watching homes/, limits/ and groups/");
        return listenTo(wakeup, knownState);
      },
      onPass: async (outcome) => {
        logPass(outcome);
        const limits = snapshot?.limits;
        const { fullScanTook } = knownState;
        const took = {
          pass: Math.round(steady() - startedAt),
          ...(fullScanTook !== undefined && { fullScan: Math.round(fullScanTook) }),
        };
        const trashReport = await trash.eraseOlderThan(limits?.trashDays ?? Infinity);
        const now = { date: new Date(), uptime: uptime() };
        const status = statusOf(outcome, { limits, trash: trashReport, took, now });
        await writeStatus(root, status).catch((error) =>
          log(`watcher.json was not written: ${messageOf(error)}`),
        );
      },
    },
    stop.signal,
  );
  if (problem === undefined) return;
  log(problem);
  process.exitCode = 3;
};

const listenTo = (wakeup: Wakeup, knownState: KnownState): (() => void) => {
  const watchFolder = (name: string, isRelevant: (changed: string) => boolean | "later") => {
    try {
      return notifyOnChange(join(root, name), wakeup, log, isRelevant);
    } catch (error) {
      log(`${join(root, name)} is only read at each pass: ${messageOf(error)}`);
      return () => {};
    }
  };
  const isRepeated = createRepetitions(steady);
  const stops = [
    watchFolder(storageFolders.homes, (home) => {
      knownState.forget(home);
      // A user can change the dates of their own home without end. Node reports that as it reports a new home.
      return isRepeated(home) ? "later" : true;
    }),
    watchFolder(storageFolders.limits, () => true),
    watchFolder(storageFolders.groups, () => true),
    watchFolder("", (file) => file === storageFiles.limits),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

await main();
