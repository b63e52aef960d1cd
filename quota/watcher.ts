import { join } from "node:path";
import { createBell, ringOnChange } from "./bell.js";
import { createRun, wordsOf } from "./command.js";
import { keepWatch } from "./loop.js";
import { makePass, type PassReport } from "./pass.js";
import { createReadiness } from "./ready.js";
import { statusOf, writeStatus } from "./status.js";
import { createStorage } from "./storage.js";
import { limitInKiB } from "./xfs.js";

const root = process.env["SWARMHUB_STORAGE"] ?? "/srv/swarmhub";

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const limitBytes = (): number => {
  const given = process.env["SWARMHUB_QUOTA_BYTES"] ?? "";
  const bytes = Number(given);
  if (/^\d+$/.test(given) && Number.isSafeInteger(bytes) && bytes >= 2 ** 20) return bytes;
  say(`SWARMHUB_QUOTA_BYTES is "${given}": it must be a home's limit in bytes, at least 1048576`);
  return process.exit(2);
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

const main = async (): Promise<void> => {
  const bytes = limitBytes();
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  const run = createRun(stop.signal);
  const storage = createStorage(root, run);
  const bell = createBell();
  const missing = await keepWatch(
    {
      isReady: createReadiness(root, run),
      pass: () => makePass(storage, () => limitInKiB(bytes)),
      bell,
      listen: () => {
        say("limits are in force; watching homes/");
        return ringOnChange(join(root, "homes"), bell, say);
      },
      onPass: async (outcome) => {
        sayPass(outcome);
        await writeStatus(root, statusOf(outcome, bytes, new Date())).catch((error) =>
          say(`watcher.json was not written: ${wordsOf(error)}`),
        );
      },
    },
    stop.signal,
  );
  if (missing === undefined) return;
  say(missing);
  process.exitCode = 3;
};

await main();
