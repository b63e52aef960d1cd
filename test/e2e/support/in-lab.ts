import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ExecutionContext } from "ava";
import type { Lab } from "./lab.js";

/** Somebody else's server in the network of a lab, and what it says about itself. */
type ServerInLab = {
  server: ChildProcessByStdio<Writable, Readable, null>;
  said: Record<string, string>;
};

/** The address of this machine in the network of the lab's machines, where such servers listen. */
export const gatewayOf = (lab: Lab): string => lab.address(1).replace(/\.\d+$/, ".1");

/**
 * Starts a program of test/e2e/support in the network of a lab, and returns it with the JSON object that it prints first. It ends with
 * the test.
 */
export const startInLab = async (
  t: ExecutionContext,
  lab: Lab,
  name: string,
  argv: readonly string[],
): Promise<ServerInLab> => {
  const program = new URL(`${name}.js`, import.meta.url).pathname;
  const all = ["netns", "exec", lab.namespace, process.execPath, program, ...argv];
  const server = spawn("ip", all, { stdio: ["pipe", "pipe", "inherit"] });
  t.teardown(() => server.stdin.end());
  const [line] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  return { server, said: JSON.parse(line) as Record<string, string> };
};
