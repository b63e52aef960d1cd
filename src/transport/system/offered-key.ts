import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseKnownHosts } from "../ssh/known-hosts.js";
import { privateFolder } from "./folder.js";
import { NoLoginError, startSsh } from "./process.js";

/**
 * The host key that a machine offers. ssh compares keys itself and does not pass on one that it refuses, so a second ssh writes it into a
 * file of its own and tries no login. Throws NoLoginError where the machine offers none; `timeoutMs` in milliseconds.
 */
export const offeredHostKey = async (
  host: string,
  words: readonly string[],
  timeoutMs: number,
): Promise<Buffer> => {
  const folder = await privateFolder();
  const file = join(folder, "offered");
  const ssh = startSsh(
    host,
    join(folder, "none"),
    [
      `UserKnownHostsFile=${file}`,
      "GlobalKnownHostsFile=/dev/null",
      "StrictHostKeyChecking=accept-new",
      "HashKnownHosts=no",
      "UpdateHostKeys=no",
      "PreferredAuthentications=none",
      "ControlPath=none",
      `ConnectTimeout=${Math.ceil(timeoutMs / 1000)}`,
    ],
    words,
  );
  const timer = setTimeout(() => void ssh.close(), timeoutMs + 5000);
  try {
    await ssh.ended;
    const [line] = parseKnownHosts(await readFile(file, "utf8").catch(() => ""), file);
    if (line === undefined) throw new NoLoginError(ssh.lines());
    return Buffer.from(line.key, "base64");
  } finally {
    clearTimeout(timer);
    await ssh.close();
    await rm(folder, { recursive: true, force: true });
  }
};
