import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { Problem } from "../problem.js";

/**
 * Checks that each name points here: every address it resolves to must answer with a random number of ours. Throws a Problem if not.
 * An address that does not answer at all is accepted, since many networks do not let a machine reach its own public address.
 * `webroot` is the folder with `/.well-known/acme-challenge/`, `port` is 80.
 */
export const checkReachability = async (
  names: readonly string[],
  { webroot, port }: { webroot: string; port: number },
): Promise<void> => {
  const nonce = randomBytes(16).toString("hex");
  const folder = join(webroot, challenges);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `swarmhub-${nonce}`);
  await writeFile(file, nonce, { mode: 0o644 });
  try {
    for (const name of names) await checkName(name, `swarmhub-${nonce}`, nonce, port);
  } finally {
    await rm(file, { force: true });
  }
};

/** Where the authority sends its requests (RFC 8555, 8.3). */
const challenges = ".well-known/acme-challenge";

const checkName = async (name: string, file: string, nonce: string, port: number) => {
  const pointIt = `point ${name} to the manager's public address`;
  const addresses = await lookup(name, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(`${name} is not in the DNS`, pointIt, error.message);
  });
  for (const { address } of addresses) {
    const answer = await bodyFrom(address, name, `/${challenges}/${file}`, port);
    if (answer === refused)
      throw new Problem(
        `${name} points to ${address}, where nothing listens on port ${port}`,
        `${pointIt}, and open port 80 to it${forceHint}`,
      );
    if (answer !== unanswered && answer !== nonce)
      throw new Problem(
        `${name} points to ${address}, where another server answers`,
        `${pointIt}${forceHint}`,
      );
  }
};

const forceHint = "; if this is so only from inside the network: swarmhub tls renew --force";

const refused = Symbol("refused");
const unanswered = Symbol("unanswered");

const bodyFrom = async (
  address: string,
  name: string,
  path: string,
  port: number,
): Promise<string | typeof refused | typeof unanswered> => {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({
        host: address,
        port,
        path,
        agent: false,
        headers: { host: name },
        signal: AbortSignal.timeout(10_000),
      })
        .once("response", resolve)
        .once("error", reject)
        .end();
    });
    return await firstBytes(response);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ECONNREFUSED" && !isIPv6(address)) return refused;
    // Our own nginx closes the connection for a name that is not its own; other servers may, too.
    if (code === "ECONNRESET" || code === "HPE_INVALID_CONSTANT") return "";
    return unanswered;
  }
};

/** The expected answer is short: a longer one is not ours, and is not read to the end. */
const firstBytes = async (response: IncomingMessage): Promise<string> => {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > 1000) break;
  }
  response.destroy();
  return body;
};
