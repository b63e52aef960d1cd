import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { UserError, exitCode } from "../errors.js";
import type { Report } from "../reconcile/event.js";
import { errorText } from "./error.js";
import type { View } from "./frame.js";
import { jsonReport, plainReport } from "./lines.js";
import { type Canvas, liveReport } from "./tty.js";

/** Output to the operator and answers from there: results on stdout, all else on stderr. */
export type Terminal = {
  report: Report;
  /** The view of stdout if it is a terminal, not a file or a pipe. */
  screen: View | undefined;
  /** Prints a line of the result on stdout. */
  print: (text: string) => void;
  /** Prints the error that ended the run, with its hint. */
  fail: (error: unknown) => void;
  /** Asks for a line; undefined where there is no terminal. */
  ask: (question: string) => Promise<string | undefined>;
  /** Restores the terminal. */
  close: () => void;
};

type Screen = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** The streams and the environment of a terminal, as `process` has them. */
export type ProcessStreams = {
  stdin: Readable & { isTTY?: boolean };
  stdout: Screen;
  stderr: Screen;
  env: Readonly<Record<string, string | undefined>>;
};

/** Keeps running when the reader of a pipe has gone (`swarmhub status | head`). */
export const ignoreClosedPipes = (
  streams: readonly Writable[] = [process.stdout, process.stderr],
): void => {
  for (const stream of streams)
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
};

/** `json`: events as lines of JSON on stdout. `debug`: errors with their stack and causes. */
export const createTerminal = (
  { stdin, stdout, stderr, env }: ProcessStreams,
  { json = false, debug = false }: { json?: boolean; debug?: boolean } = {},
): Terminal => {
  const toStdout = (text: string): void => void stdout.write(text);
  const toStderr = (text: string): void => void stderr.write(text);
  const live = !json && isLive(stderr, env) ? liveReport(canvas(stderr, env)) : undefined;
  const report = live ?? (json ? jsonReport(toStdout, () => new Date()) : plainReport(toStderr));
  const pause = live?.pause ?? (() => () => {});
  let hasResult = false;
  return {
    report,
    screen: stdout.isTTY === true && !json ? canvas(stdout, env).view() : undefined,
    print: (text) => {
      hasResult = true;
      const resume = pause();
      toStdout(`${text}\n`);
      resume();
    },
    fail: (error) => {
      report.close();
      // After a result, as when `status` found drift, stdout stays one document.
      if (json && !hasResult)
        toStdout(`${JSON.stringify({ type: "error", ...errorFields(error) })}\n`);
      toStderr(errorText(error, debug));
    },
    ask: async (text) => {
      if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
      const resume = pause();
      return question(text, stdin, stderr).finally(resume);
    },
    close: () => report.close(),
  };
};

const isLive = (screen: Screen, env: ProcessStreams["env"]): boolean =>
  screen.isTTY === true && !env["CI"] && env["TERM"] !== "dumb";

const canvas = (screen: Screen, env: ProcessStreams["env"]): Canvas => ({
  write: (text) => void screen.write(text),
  view: () => ({
    width: screen.columns ?? 80,
    height: screen.rows ?? 24,
    colour: !env["NO_COLOR"],
    unicode: hasUnicode(env),
  }),
  now: () => performance.now(),
  every: (ms, draw) => {
    const timer = setInterval(draw, ms);
    return () => clearInterval(timer);
  },
});

/** A locale without UTF-8 and the console of a server have no such characters. */
const hasUnicode = (env: ProcessStreams["env"]): boolean => {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "UTF-8";
  return /utf-?8/i.test(locale) && env["TERM"] !== "linux";
};

const errorFields = (error: unknown) =>
  error instanceof UserError
    ? { error: error.message, hint: error.hint, code: error.code }
    : { error: String(error), code: 1 };

/** Asks for one line; undefined if the input ends first. Throws a UserError (interrupted) at Ctrl-C. */
const question = async (
  text: string,
  input: Readable,
  output: Writable,
): Promise<string | undefined> => {
  const reader = createInterface({ input, output });
  const ended = new Promise<undefined>((resolve, reject) => {
    // Ctrl-C: at a question the terminal sends no signal, readline reads the key.
    reader.once("SIGINT", () =>
      reject(new UserError("interrupted", { code: exitCode.interrupted })),
    );
    reader.once("close", () => resolve(undefined));
  });
  try {
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
};
