import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A running ssh that connects to a machine. */
export type SshProcess = {
  /** Resolves when it has ended; what it started may still have its output open (ProxyCommand). */
  ended: Promise<void>;
  /** What it wrote; in a long run the first lines, about the login, and the last ones. */
  lines: () => string[];
  /** Ends it, and waits for that. */
  close: () => Promise<void>;
};

/** ssh ended before it was logged in: the lines that it wrote. */
export class NoLoginError extends Error {
  override name = "NoLoginError";
  constructor(readonly lines: readonly string[]) {
    super(lines.at(-1) ?? "ssh ended without a word");
  }
}

/** What applies to each connection of ours, whatever ~/.ssh/config says: nothing is asked, forwarded or run besides. */
const strictOptions: readonly string[] = [
  "BatchMode=yes",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "RequestTTY=no",
];

// Ends ssh when swarmhub's end of the pipe closes, also by a crash, and then removes the folder: ssh itself would go on for ever. `read`
// is part of the shell, so nothing remains that waits.
const keeper = `folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
ssh=$!
{ read -r _ <&3; kill "$ssh"; } >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$ssh"
kill "$watch" 2>/dev/null
rm -rf "$folder"`;

/** Starts ssh without a session, with options as KEY=VALUE and further words; the folder is removed when it ends. */
export const startSsh = (
  host: string,
  folder: string,
  options: readonly string[],
  words: readonly string[],
): SshProcess => {
  const all = [...options, ...strictOptions].flatMap((option) => ["-o", option]);
  const argv = ["-c", keeper, "sh", folder, "ssh", "-v", "-N", ...all, ...words, "--", host];
  const child = spawn("/bin/sh", argv, {
    stdio: ["pipe", "ignore", "pipe"],
    // In a session of its own: Ctrl-C at the terminal does not end it, and it has no terminal to ask at.
    detached: true,
  });
  const { stdin, stderr } = child;
  stdin.on("error", () => {});
  const read = new Promise<void>((resolve) => stderr.once("close", resolve));
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    // Its last words come after its end, if at all: a ProxyCommand that goes on keeps the output open.
    child.once("exit", () => {
      const timer = setTimeout(resolve, 500);
      void read.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  });
  const lines: string[] = [];
  createInterface({ input: stderr }).on("line", (line) => {
    lines.push(line);
    if (lines.length > 400) lines.splice(200, 100);
  });
  const close = async (): Promise<void> => {
    stdin.destroy();
    const timer = setTimeout(() => endGroup(child), 2000);
    await ended;
    clearTimeout(timer);
    stderr.destroy();
  };
  return { ended, lines: () => [...lines], close };
};

const endGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
};
