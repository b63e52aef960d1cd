import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";

// A login's shell may print before the command: bash reads .bashrc under sshd, and fish config.fish. A random word, so that no
// greeting contains it.
const word = `swarmhub-${randomBytes(8).toString("hex")}`;
const mark = `${word}\n`;

/** A script that says where the output of the command begins. */
export const marked = (command: string): string => `echo ${word}\n${command}`;

/** The output without what the login's shell printed before the command; all of it where no command ran. */
export const withoutGreeting = (output: string): string => {
  const at = output.indexOf(mark);
  return at === -1 ? output : output.slice(at + mark.length);
};

/** Passes on the lines of a command, without those that the login's shell printed before. */
export const linesAfterGreeting = (
  onLine: ((line: string) => void) | undefined,
): ((line: string) => void) | undefined => {
  if (onLine === undefined) return undefined;
  let isOver = false;
  return (line) => {
    if (isOver) onLine(line);
    else isOver = line.endsWith(word);
  };
};

/** Reads a stream up to the output of the command, which stays in it, then calls `done`; with false when the stream ends before. */
export const skipGreeting = (stream: Readable, done: (found: boolean) => void): void => {
  let seen = Buffer.alloc(0);
  const end = (found: boolean) => {
    stream.off("readable", read);
    stream.off("end", endBefore);
    stream.off("close", endBefore);
    done(found);
  };
  const endBefore = () => end(false);
  const read = () => {
    for (;;) {
      const chunk = stream.read() as Buffer | null;
      if (chunk === null) return;
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(mark);
      if (at === -1) continue;
      const rest = seen.subarray(at + mark.length);
      if (rest.length > 0) stream.unshift(rest);
      return end(true);
    }
  };
  stream.on("readable", read);
  stream.once("end", endBefore);
  stream.once("close", endBefore);
};
