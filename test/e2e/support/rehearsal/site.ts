import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";
import type { Site } from "../../../../src/rehearsal/browser/browser.js";
import type { RehearsalHub } from "../../../../src/rehearsal/hub.js";
import type { Guest } from "../../../../src/rehearsal/person/start.js";
import type { RoomState } from "../../../../src/swarm/room.js";
import { startEdge } from "../../../nginx/support/running-edge.js";

/** A class on loopback: the real edge, proxy and hub, and real JupyterLabs. */
export type RehearsalSite = {
  site: Site;
  hub: RehearsalHub;
  /** The services of users' servers in the fake Swarm. */
  services: () => Promise<string[]>;
  setSeats: (seats: number) => Promise<void>;
  close: () => Promise<void>;
};

/** Starts it. */
export const startRehearsalSite = async (): Promise<RehearsalSite> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-rehearsal-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const proxyProgram = new URL("../../../../proxy/proxy.js", import.meta.url).pathname;
  const script = assetPath("test/e2e/support/rehearsal/hub.py");
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
  let last: Promise<unknown> = Promise.resolve();
  const ask = (line: string): Promise<unknown> => {
    last = last.then(() => {
      running.stdin.write(`${line}\n`);
      return answer();
    });
    return last;
  };
  const { proxy } = (await answer()) as { proxy: number };
  const edge = await startEdge({ tls: { kind: "off" }, upstream: `127.0.0.1:${proxy}` });
  return {
    site: { address: `http://localhost:${edge.ports.http}`, verify: true },
    hub: {
      begin: async (people) => ((await ask(`begin ${people}`)) as { people: Guest[] }).people,
      hear: async () => void (await ask("hear")),
      end: async () => ((await ask("end")) as { left: string[] }).left,
      room: async () => (await ask("room")) as RoomState,
    },
    services: async () => (await ask("services")) as string[],
    setSeats: async (seats) => void (await ask(`seats ${seats}`)),
    close: async () => {
      await edge.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};
