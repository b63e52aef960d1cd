import type { ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

type Run = ChildProcessByStdio<null, Readable, Readable>;
type Event = { type?: string; host?: string; title?: string };

/** Does work while the first step of a host runs. Returns the exit code of the run, its completed steps and its stderr. */
export const whileStepRuns = async (run: Run, host: string, work: () => Promise<unknown>) => {
  const output: string[] = [];
  const done: string[] = [];
  let working: Promise<unknown> | undefined;
  run.stderr.on("data", (data: Buffer) => output.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("close", resolve));
  for await (const line of createInterface(run.stdout)) {
    const event = JSON.parse(line) as Event;
    if (event.type === "step-started" && event.host === host) working ??= work();
    if (event.type === "step-done") done.push(`${event.host}: ${event.title}`);
  }
  await working;
  return { code: await ended, done, stderr: output.join("") };
};

/** Kills a run after its first completed step. Returns the title of this step, or undefined if the run ended without one. */
export const killAfterFirstStep = async (run: Run): Promise<string | undefined> => {
  const output: string[] = [];
  run.stderr.on("data", (data: Buffer) => output.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("close", (code) => resolve(code)));
  let title: string | undefined;
  for await (const line of createInterface(run.stdout)) {
    const event = JSON.parse(line) as Event;
    if (event.type !== "step-done" || title !== undefined) continue;
    title = `${event.host}: ${event.title}`;
    run.kill("SIGKILL");
  }
  const code = await ended;
  if (title === undefined && code !== 0)
    throw new Error(`swarmhub up exited with ${code}: ${output.join("")}`);
  return title;
};
