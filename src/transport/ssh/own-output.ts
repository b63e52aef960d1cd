import { randomBytes } from "node:crypto";
import { Transform } from "node:stream";
import type { Readable } from "node:stream";

/**
 * What a command prints begins after this line. sshd starts a command by the login's shell, and bash then reads `.bashrc`: what that
 * prints ("Welcome to …") comes first, and would be taken for the command's answer.
 */
const line = `swarmhub-output-${randomBytes(8).toString("hex")}`;
const mark = `\n${line}\n`;

/** The command for a shell, with the line before its output. */
export const marked = (command: string): string => `printf '\\n%s\\n' ${line}\n${command}`;

/** The text after the line; all of it where the line is missing, as a login that runs no commands says why. */
export const ownText = (text: string): string => {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(at + mark.length);
};

/** A function that gets each line, called only for those after ours. */
export const ownLines = (
  onLine: ((line: string) => void) | undefined,
): ((line: string) => void) | undefined => {
  if (onLine === undefined) return undefined;
  let isOwn = false;
  return (text) => {
    if (isOwn) onLine(text);
    else isOwn = text === line;
  };
};

/** A stream of what comes after the line. */
export const ownBytes = (): Transform => {
  let before: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      if (before === undefined) return done(null, chunk);
      before = Buffer.concat([before, chunk]);
      const at = before.indexOf(mark);
      if (at < 0) return done();
      const rest = before.subarray(at + mark.length);
      before = undefined;
      return done(null, rest);
    },
  });
};

/** Reads a stream up to the line, and leaves the rest in it; ends too where the line never comes. */
export const skipToOwn = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    let before = Buffer.alloc(0);
    const stop = () => {
      stream.off("readable", read).off("end", stop).off("close", stop);
      resolve();
    };
    const read = () => {
      for (let chunk = stream.read() as Buffer | null; chunk !== null;) {
        before = Buffer.concat([before, chunk]);
        const at = before.indexOf(mark);
        if (at >= 0) {
          const rest = before.subarray(at + mark.length);
          if (rest.length > 0) stream.unshift(rest);
          return stop();
        }
        chunk = stream.read() as Buffer | null;
      }
    };
    stream.on("readable", read).once("end", stop).once("close", stop);
    read();
  });
