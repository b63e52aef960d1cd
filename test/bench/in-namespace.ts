import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Lab } from "../e2e/support/lab.js";
import type { Load, Rates, Watched } from "./load/result.js";

const program = new URL("load.mjs", import.meta.url).pathname;

/** Puts a load on a site from inside the lab's namespace, so that nothing of it meets another network. */
export const put = async (lab: Lab, load: Exclude<Load, { kind: "watch" }>): Promise<Rates> =>
  JSON.parse(await start(lab, load).answer) as Rates;

/** Watches a site, from when all is open, while something is done to it. */
export const watching = async (
  lab: Lab,
  load: Load & { kind: "watch" },
  work: () => Promise<unknown>,
): Promise<Watched> => {
  const { child, answer } = start(lab, load);
  const isOpen = once(child.stderr, "data");
  // Its end before that is what is wrong, and why.
  await Promise.race([isOpen, answer]);
  try {
    await work();
  } finally {
    child.stdin.end();
  }
  return JSON.parse(await answer) as Watched;
};

const start = ({ namespace }: Lab, load: Load) => {
  const words = ["netns", "exec", namespace, process.execPath, program, JSON.stringify(load)];
  const child = spawn("ip", words, { stdio: ["pipe", "pipe", "pipe"] });
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const answer = said.then(([stdout, stderr, [code]]) => {
    if (code !== 0) throw new Error(`${load.kind} failed: ${stderr}`);
    return stdout;
  });
  answer.catch(() => {});
  return { child, answer };
};
