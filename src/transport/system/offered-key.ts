import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseKnownHosts } from "../ssh/known-hosts.js";
import { privateFolder } from "./folder.js";
import { NoLoginError, startSsh } from "./process.js";

/** A host key, and the words of an ssh that knows this key and no other. */
type Offered = { key: Buffer; trusting: readonly string[] };

/**
 * Passes on the host key that a machine offers. ssh compares keys itself and does not tell one that it refuses, so a second ssh writes it
 * into a file of its own and tries no login. Throws NoLoginError where the machine offers none; `timeoutMs` in milliseconds.
 */
export const withOfferedKey = async <Result>(
  host: string,
  words: readonly string[],
  timeoutMs: number,
  use: (offered: Offered) => Promise<Result>,
): Promise<Result> => {
  const folder = await privateFolder();
  const file = join(folder, "offered");
  const trusted = [`UserKnownHostsFile=${file}`, "GlobalKnownHostsFile=/dev/null"];
  const ssh = startSsh(
    host,
    join(folder, "none"),
    [
      ...trusted,
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
    clearTimeout(timer);
    const [line] = parseKnownHosts(await readFile(file, "utf8").catch(() => ""), file);
    if (line === undefined) throw new NoLoginError(ssh.lines());
    const trusting = trusted.flatMap((option) => ["-o", option]);
    return await use({ key: Buffer.from(line.key, "base64"), trusting });
  } finally {
    clearTimeout(timer);
    await ssh.close();
    await rm(folder, { recursive: true, force: true });
  }
};
