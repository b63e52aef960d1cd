import { setTimeout as pause } from "node:timers/promises";
import { isRehearsalName } from "../../contracts/rehearsal.js";
import type { RoomState } from "../swarm/room.js";
import type { RehearsalHub } from "./hub.js";

/** The most memory that was in use, in MB; `limit` is the server's, `ended` how often it ended a program. */
type PersonMemory = {
  name: string;
  memory: number;
  limit?: number;
  machine?: string;
  ended: number;
};
type MachineMemory = { name: string; memory: number; total?: number };

/** What the hub saw of a round. `silent`: how often it did not answer. */
export type Seen = {
  seats: number;
  people: PersonMemory[];
  machines: MachineMemory[];
  silent: number;
};

/** Collects the highest figures from looks at the room. */
export const createPeaks = (): {
  add: (room: RoomState) => void;
  seen: () => Seen;
  miss: () => void;
} => {
  const people = new Map<string, PersonMemory>();
  const machines = new Map<string, MachineMemory>();
  let seats = 0;
  let silent = 0;
  return {
    miss: () => void (silent += 1),
    add: (room) => {
      seats = room.seats;
      for (const { name, memory = 0, limit, machine, ended } of room.people) {
        if (!isRehearsalName(name) || (memory === 0 && ended === undefined)) continue;
        const before = people.get(name);
        people.set(name, {
          name,
          memory: Math.max(memory, before?.memory ?? 0),
          ended: Math.max(ended?.count ?? 0, before?.ended ?? 0),
          ...(limit !== undefined && { limit }),
          ...(machine !== undefined && { machine }),
        });
      }
      for (const { name, memory = 0, memoryTotal: total } of room.machines)
        machines.set(name, {
          name,
          memory: Math.max(memory, machines.get(name)?.memory ?? 0),
          ...(total !== undefined && { total }),
        });
    },
    seen: () => ({ seats, people: [...people.values()], machines: [...machines.values()], silent }),
  };
};

const everyMs = 10_000;
const hearEvery = 6;

/** Looks at the room every ten seconds until the signal, and tells the hub that the rehearsal goes on. Does not throw. */
export const watchMemory = async (hub: RehearsalHub, signal: AbortSignal): Promise<Seen> => {
  const peaks = createPeaks();
  for (let turn = 0; !signal.aborted; turn += 1) {
    try {
      peaks.add(await hub.room());
      if (turn % hearEvery === 0) await hub.hear();
    } catch {
      peaks.miss();
    }
    await pause(everyMs, undefined, { signal }).catch(() => {});
  }
  // The machines report every five seconds: what happened at the end is seen now.
  await hub.room().then(peaks.add, peaks.miss);
  return peaks.seen();
};
