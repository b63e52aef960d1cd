import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Lab } from "../e2e/support/lab.js";
import type { Load, Rates, WatchResult } from "./load/result.js";

const program = new URL("load.mjs", import.meta.url).pathname;

/** Runs a load from inside the network namespace of the lab, so that it passes no other network. */
export const runLoad = async (lab: Lab, load: Exclude<Load, { kind: "watch" }>): Promise<Rates> =>
  JSON.parse(await start(lab, load).output) as Rates;

/** Does work while a site is watched; the work starts when all connections are open. */
export const watchDuring = async (
  lab: Lab,
  load: Load & { kind: "watch" },
  work: () => Promise<unknown>,
): Promise<WatchResult> => {
  const { child, output } = start(lab, load);
  const isOpen = once(child.stderr, "data");
  // If the program ends before, its error is thrown.
  await Promise.race([isOpen, output]);
  try {
    await work();
  } finally {
    child.stdin.end();
  }
  return JSON.parse(await output) as WatchResult;
};

const start = ({ namespace }: Lab, load: Load) => {
  const argv = ["netns", "exec", namespace, process.execPath, program, JSON.stringify(load)];
  const child = spawn("ip", argv, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const output = ended.then(([stdout, stderr, [code]]) => {
    if (code !== 0) throw new Error(`${load.kind} failed: ${stderr}`);
    return stdout;
  });
  output.catch(() => {});
  return { child, output };
};
