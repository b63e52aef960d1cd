import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assetPath } from "../../../src/operator/assets.js";
import { startEdge } from "../../nginx/support/running-edge.js";

/** A class on loopback: the real edge and proxy, and the real hub that a Python program of a test runs. */
export type LoopbackHub = {
  origin: string;
  /** Sends the program one line, and returns the JSON of the line with which it answers; one command at a time. */
  ask: (line: string) => Promise<unknown>;
  close: () => Promise<void>;
};

/** Starts the program at this path of the project, with more arguments. It prints the port of its proxy first. */
export const startLoopbackHub = async (
  path: string,
  more: readonly string[] = [],
): Promise<LoopbackHub> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-class-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const proxyProgram = new URL("../../../proxy/proxy.js", import.meta.url).pathname;
  const argv = [assetPath(path), proxyProgram, folder, ...more];
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, argv, {
    env: { ...process.env, HUB_FOLDER: assetPath("hub") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line: IteratorResult<string, undefined> = await lines.next();
    if (line.done === true) throw new Error("the hub of the test has ended");
    return JSON.parse(line.value);
  };
  const { proxy } = (await answer()) as { proxy: number };
  const edge = await startEdge({ tls: { kind: "off" }, upstream: `127.0.0.1:${proxy}` });
  let last: Promise<unknown> = Promise.resolve();
  return {
    origin: `http://localhost:${edge.ports.http}`,
    ask: (line) => {
      last = last.then(() => {
        running.stdin.write(`${line}\n`);
        return answer();
      });
      return last;
    },
    close: async () => {
      await edge.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};
