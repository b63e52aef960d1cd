import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";
import { startEdge } from "../../../nginx/support/running-edge.js";

/** A class of fifty on loopback: the real edge, proxy, hub and page of the room. `command` is one of room_hub.py's. */
export type RoomSite = {
  origin: string;
  command: (line: string) => Promise<unknown>;
  close: () => Promise<void>;
};

/** Starts it. */
export const startRoomSite = async (): Promise<RoomSite> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-room-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const proxyProgram = new URL("../../../../proxy/proxy.js", import.meta.url).pathname;
  const script = assetPath("test/e2e/support/room/room_hub.py");
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, [script, proxyProgram, folder], {
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
  return {
    origin: `http://localhost:${edge.ports.http}`,
    command: (line) => {
      running.stdin.write(`${line}\n`);
      return answer();
    },
    close: async () => {
      await edge.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};
