import type { Site } from "../../../../src/rehearsal/browser/browser.js";
import type { RehearsalHub } from "../../../../src/rehearsal/hub.js";
import type { Guest } from "../../../../src/rehearsal/person/start.js";
import type { RoomState } from "../../../../src/swarm/room.js";
import { startLoopbackHub } from "../loopback-hub.js";

/** A class on loopback with real JupyterLabs. */
export type RehearsalSite = {
  site: Site;
  hub: RehearsalHub;
  /** The services of users' servers in the fake Swarm. */
  services: () => Promise<string[]>;
  setSeats: (seats: number) => Promise<void>;
  close: () => Promise<void>;
};

/** Changes of hub.json, and secrets to write. A `publicUrl` is replaced with the address of the edge, which is known after the first start. */
type ClassInput = { settings: Record<string, unknown>; secrets: Record<string, string> };

/** Starts it. */
export const startRehearsalSite = async (
  input: ClassInput = { settings: {}, secrets: {} },
): Promise<RehearsalSite> => {
  const program = "test/e2e/support/rehearsal/hub.py";
  const { origin, ask, close } = await startLoopbackHub(program, [JSON.stringify(input)]);
  if ("publicUrl" in input.settings) await ask(`public ${origin}`);
  return {
    site: { address: origin, verify: true },
    hub: {
      begin: async (people) => ((await ask(`begin ${people}`)) as { people: Guest[] }).people,
      hear: async () => void (await ask("hear")),
      end: async () => ((await ask("end")) as { left: string[] }).left,
      room: async () => (await ask("room")) as RoomState,
    },
    services: async () => (await ask("services")) as string[],
    setSeats: async (seats) => void (await ask(`seats ${seats}`)),
    close,
  };
};
