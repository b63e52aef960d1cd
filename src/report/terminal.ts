import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { UserError } from "../errors.js";
import type { Report } from "../reconcile/event.js";
import { errorText } from "./error.js";
import type { View } from "./frame.js";
import { jsonReport, plainReport } from "./lines.js";
import { type Canvas, liveReport } from "./tty.js";

/** All that `swarmhub` says to the one who runs it. Results go to stdout, talk to stderr. */
export type Terminal = {
  report: Report;
  /** What results are shown on, where that is a terminal and not a file or a program. */
  screen: View | undefined;
  /** A result: a line on stdout. */
  print: (text: string) => void;
  /** The error that ended the run, with what to do about it. */
  fail: (error: unknown) => void;
  /** Asks for a line; undefined where nobody is there to answer. */
  ask: (question: string) => Promise<string | undefined>;
  /** Leaves the terminal as it was. */
  close: () => void;
};

type Screen = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** What the terminal is made of; `process` is one. */
export type Surroundings = {
  stdin: Readable & { isTTY?: boolean };
  stdout: Screen;
  stderr: Screen;
  env: Readonly<Record<string, string | undefined>>;
};

/** Goes on where whoever reads along went away (`swarmhub status | head`): no reason to stop what is under way. */
export const outliveReaders = (
  streams: readonly Writable[] = [process.stdout, process.stderr],
): void => {
  for (const stream of streams)
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
};

/** `json`: events as lines of JSON on stdout, for programs. `debug`: errors with their stack and causes. */
export const createTerminal = (
  { stdin, stdout, stderr, env }: Surroundings,
  { json = false, debug = false }: { json?: boolean; debug?: boolean } = {},
): Terminal => {
  const out = (text: string): void => void stdout.write(text);
  const talk = (text: string): void => void stderr.write(text);
  const live = !json && isLive(stderr, env) ? liveReport(canvas(stderr, env)) : undefined;
  const report = live ?? (json ? jsonReport(out, () => new Date()) : plainReport(talk));
  const pause = live?.pause ?? (() => () => {});
  let hasResult = false;
  return {
    report,
    screen: stdout.isTTY === true && !json ? canvas(stdout, env).view() : undefined,
    print: (text) => {
      hasResult = true;
      const resume = pause();
      out(`${text}\n`);
      resume();
    },
    fail: (error) => {
      report.close();
      // After a result, as of `status` that found drift, stdout stays one document.
      if (json && !hasResult) out(`${JSON.stringify({ type: "error", ...errorFields(error) })}\n`);
      talk(errorText(error, debug));
    },
    ask: async (text) => {
      if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
      const resume = pause();
      return question(text, stdin, stderr).finally(resume);
    },
    close: () => report.close(),
  };
};

const isLive = (screen: Screen, env: Surroundings["env"]): boolean =>
  screen.isTTY === true && !env["CI"] && env["TERM"] !== "dumb";

const canvas = (screen: Screen, env: Surroundings["env"]): Canvas => ({
  write: (text) => void screen.write(text),
  view: () => ({
    width: screen.columns ?? 80,
    height: screen.rows ?? 24,
    colour: !env["NO_COLOR"],
    unicode: speaksUnicode(env),
  }),
  now: () => performance.now(),
  every: (ms, draw) => {
    const timer = setInterval(draw, ms);
    return () => clearInterval(timer);
  },
});

/** A locale that says otherwise, and the console of a server, have no such letters. */
const speaksUnicode = (env: Surroundings["env"]): boolean => {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  return /utf-?8/i.test(locale) && env["TERM"] !== "linux";
};

const errorFields = (error: unknown) =>
  error instanceof UserError
    ? { error: error.message, hint: error.hint, code: error.code }
    : { error: String(error), code: 1 };

/** Asks for one line; undefined when the input ends without one. */
const question = async (
  text: string,
  input: Readable,
  output: Writable,
): Promise<string | undefined> => {
  const reader = createInterface({ input, output });
  const ended = new Promise<undefined>((resolve) => reader.once("close", () => resolve(undefined)));
  try {
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
};
