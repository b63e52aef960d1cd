import { constants } from "node:os";
import { type Readable, type Writable, finished } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { UserError, titled } from "../errors.js";

/** Gathers a stream's text; `onLine` gets each line as it comes, also a last one without a newline. */
export const readLines = (stream: Readable, onLine?: (line: string) => void): (() => string) => {
  const decoder = new StringDecoder("utf8");
  const chunks: Buffer[] = [];
  let rest = "";
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (onLine === undefined) return;
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.replace(/\r$/, ""));
  });
  return () => {
    if (rest !== "") onLine?.(rest);
    rest = "";
    return Buffer.concat(chunks).toString("utf8");
  };
};

/** Copies a stream into another, which stays open; calls `onError` if that one fails before the end. */
export const pipeInto = (
  stream: Readable,
  into: Writable,
  onError: (error: Error) => void,
): void => {
  const stopWatching = finished(into, (error) => {
    if (error) onError(error);
  });
  stream.once("end", stopWatching);
  stream.pipe(into, { end: false });
};

/** The exit code that a shell gives to a command killed by a signal. */
export const codeOfSignal = (signal: string): number =>
  128 + (constants.signals[signal as NodeJS.Signals] ?? 0);

/** The command that ends another one, and what that started, a second after its deadline in milliseconds. */
export const deadlineCommand = (timeout: number): string => `timeout -k 5 ${timeout / 1000 + 1}`;

/** The error of a command whose deadline, in milliseconds, has passed. */
export const deadlineError = (host: string, title: string, timeout: number): UserError =>
  new UserError(titled(title, `timed out after ${timeout / 1000} s`), { host });

/** A command as the title of its errors: the first 100 characters of its first line, in backticks. */
export const titleOf = (command: string): string => {
  const line = command.split("\n")[0] ?? "";
  const isWhole = line.length === command.length && line.length <= 100;
  return `\`${isWhole ? line : `${line.slice(0, 100)}…`}\``;
};
