import { readFileSync } from "node:fs";
import { waitUntil } from "../../../src/wait.js";

/** Whether a process exists and is no zombie. */
export const isRunning = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

/** Waits for a condition for up to 30 s. */
export const eventuallyTrue = (condition: () => boolean): Promise<true> =>
  waitUntil(async () => (condition() ? true : undefined), {
    deadline: 30_000,
    every: 20,
    otherwise: () => new Error("the condition did not become true"),
  });
