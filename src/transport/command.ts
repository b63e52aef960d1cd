import type { Readable, Writable } from "node:stream";
import type { Output } from "../errors.js";
import { quoteForLogin } from "../text/shell.js";
import { linesAfterGreeting, marked, skipGreeting, withoutGreeting } from "./greeting.js";
import { deadlineCommand, deadlineError, pipeInto, readLines, titleOf } from "./streams.js";
import type { ExecOptions } from "./transport.js";

/** A command on a machine that has been started. */
export type Running = {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Ends it without waiting. */
  close: () => void;
  /** `ended` gets its exit code, undefined where it has none; `failed` what went wrong on the way. Called before anything is awaited. */
  watch: (ended: (code: number | undefined) => void, failed: (error: Error) => void) => void;
};

/** How a connection runs commands; `lost` is aborted with the reason when it ends. */
export type Runner = {
  host: string;
  lost: AbortSignal;
  /** Starts a line of the login's shell. */
  start: (line: string, started: (result: Running | Error) => void) => void;
  /** Why what ended so is no result of the command; `began` says whether the command ran at all. Undefined for a result. */
  failureOf: (end: {
    code: number | undefined;
    began: boolean;
    stderr: string;
  }) => Promise<Error | undefined>;
};

/** Runs a shell command. Throws UnreachableError, UserError past the deadline, and what `failureOf` answers. */
export const runCommand = (
  { host, lost, start, failureOf }: Runner,
  command: string,
  { title = titleOf(command), input, timeout, onLine, into, stop }: ExecOptions = {},
): Promise<Output> =>
  new Promise((resolve, reject) => {
    let running: Running | undefined;
    const end = () => {
      clearTimeout(timer);
      lost.removeEventListener("abort", onLost);
      stop?.removeEventListener("abort", endInput);
    };
    const endInput = () => running?.stdin.end();
    const fail = (error: Error) => {
      end();
      running?.close();
      reject(error);
    };
    const onLost = () => fail(lost.reason as Error);
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => fail(deadlineError(host, title, timeout)), timeout);
    if (lost.aborted) return fail(lost.reason as Error);
    lost.addEventListener("abort", onLost, { once: true });
    start(inShell(command, timeout), (started) => {
      if (started instanceof Error) return fail(started);
      running = started;
      let began = false;
      // A quick command's exit comes with the next packet: a listener that is added after an await misses it.
      const stdout =
        into === undefined ? readLines(started.stdout, linesAfterGreeting(onLine)) : () => "";
      if (into !== undefined)
        skipGreeting(started.stdout, (found) => {
          began = found;
          pipeInto(started.stdout, into, fail);
        });
      const stderr = readLines(started.stderr, onLine);
      started.watch((code) => {
        const [all, errors] = [stdout(), stderr()];
        const output = withoutGreeting(all);
        void failureOf({ code, began: began || output !== all, stderr: errors }).then((failure) => {
          end();
          if (failure !== undefined) reject(failure);
          else resolve({ code: code ?? 1, stdout: output, stderr: errors });
        }, fail);
      }, fail);
      if (input !== undefined) started.stdin.write(Buffer.from(input));
      if (stop === undefined || stop.aborted) endInput();
      else stop.addEventListener("abort", endInput, { once: true });
    });
  });

/** Runs it by sh, whatever the login's shell is. sshd passes no signal on after our EOF, so the machine keeps the deadline too. */
export const inShell = (command: string, timeout: number | undefined): string => {
  const shell = `sh -c ${quoteForLogin(marked(command))}`;
  return timeout === undefined ? shell : `${deadlineCommand(timeout)} ${shell}`;
};
