import type { ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

type Run = ChildProcessByStdio<null, Readable, Readable>;
type Event = { type?: string; host?: string; title?: string };

/** Does something while the first step of a host runs; what the run then said, and which steps were done. */
export const whileStepRuns = async (run: Run, host: string, work: () => Promise<unknown>) => {
  const said: string[] = [];
  const done: string[] = [];
  let working: Promise<unknown> | undefined;
  run.stderr.on("data", (data: Buffer) => said.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("close", resolve));
  for await (const line of createInterface(run.stdout)) {
    const event = JSON.parse(line) as Event;
    if (event.type === "step-started" && event.host === host) working ??= work();
    if (event.type === "step-done") done.push(`${event.host}: ${event.title}`);
  }
  await working;
  return { code: await ended, done, stderr: said.join("") };
};

/** The title of the step after which the run was killed; undefined where the run ended without one. */
export const killAfterFirstStep = async (run: Run): Promise<string | undefined> => {
  const said: string[] = [];
  run.stderr.on("data", (data: Buffer) => said.push(data.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("close", (code) => resolve(code)));
  let title: string | undefined;
  for await (const line of createInterface(run.stdout)) {
    const event = JSON.parse(line) as { type?: string; host?: string; title?: string };
    if (event.type !== "step-done" || title !== undefined) continue;
    title = `${event.host}: ${event.title}`;
    run.kill("SIGKILL");
  }
  const code = await ended;
  if (title === undefined && code !== 0)
    throw new Error(`swarmhub up ended with ${code}: ${said.join("")}`);
  return title;
};
