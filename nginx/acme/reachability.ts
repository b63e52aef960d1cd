import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { Problem } from "../problem.js";

/** How the world would reach us: the folder that `/.well-known/acme-challenge/` shows, and port 80. */
export type Outside = { webroot: string; port: number };

/**
 * Looks whether each name leads here: what it resolves to must answer with a number of ours. Throws a Trouble if not. An address that
 * does not answer at all is let pass, since many networks let nobody reach their own public address from inside.
 */
export const checkReachability = async (
  names: readonly string[],
  { webroot, port }: Outside,
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

/** Where the authority looks (RFC 8555, 8.3). */
const challenges = ".well-known/acme-challenge";

const checkName = async (name: string, file: string, nonce: string, port: number) => {
  const addresses = await lookup(name, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(
      `${name} is not in the DNS`,
      `let ${name} lead to the manager's public address`,
      error.message,
    );
  });
  for (const { address } of addresses) {
    const answer = await bodyFrom(address, name, `/${challenges}/${file}`, port);
    if (answer === refused)
      throw new Problem(
        `${name} leads to ${address}, where nothing listens on port ${port}`,
        `let ${name} lead to the manager's public address, and open port 80 to it${insist}`,
      );
    if (answer !== unanswered && answer !== nonce)
      throw new Problem(
        `${name} leads to ${address}, where somebody else answers`,
        `let ${name} lead to the manager's public address${insist}`,
      );
  }
};

const insist = "; if that is so only from inside: swarmhub tls renew --force";

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
    // Our own nginx closes on a name that is not its own; so may others.
    if (code === "ECONNRESET" || code === "HPE_INVALID_CONSTANT") return "";
    return unanswered;
  }
};

/** What was asked for is short: whoever sends more is not us, and is not read to the end. */
const firstBytes = async (response: IncomingMessage): Promise<string> => {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > 1000) break;
  }
  response.destroy();
  return body;
};
