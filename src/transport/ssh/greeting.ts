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

/** Reads a stream as far as the output of the command, whose rest stays in it; also returns when the stream ends before. */
export const skipGreeting = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const end = () => {
      stream.off("readable", read);
      stream.off("end", end);
      stream.off("close", end);
      resolve();
    };
    const read = () => {
      for (;;) {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) return;
        seen = Buffer.concat([seen, chunk]);
        const at = seen.indexOf(mark);
        if (at === -1) continue;
        end();
        const rest = seen.subarray(at + mark.length);
        if (rest.length > 0) stream.unshift(rest);
        return;
      }
    };
    stream.on("readable", read);
    stream.once("end", end);
    stream.once("close", end);
  });
