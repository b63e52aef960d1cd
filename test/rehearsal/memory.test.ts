import test from "ava";
import { createPeaks } from "../../src/rehearsal/memory.js";
import type { RoomState } from "../../src/swarm/room.js";

const room = (memory: number, ended?: number): RoomState => ({
  class: "geo-101",
  now: 0,
  seats: 4,
  taken: 2,
  queue: 0,
  warnings: [],
  people: [
    {
      name: "Rehearsal-1",
      role: "student",
      state: "running",
      machine: "one",
      memory,
      limit: 1024,
      ...(ended !== undefined && { ended: { count: ended, at: 1, before: false } }),
    },
    { name: "ada", role: "student", state: "running", machine: "one", memory: 900, limit: 1024 },
    { name: "Rehearsal-2", role: "student", state: "starting" },
  ],
  machines: [
    { name: "one", state: "ready", open: true, people: 2, memory: 2 * memory, memoryTotal: 8192 },
  ],
});

test("the highest memory of each person of the rehearsal and of each machine is kept", (t) => {
  const { add, seen } = createPeaks();
  for (const each of [room(300), room(1000, 1), room(200)]) add(each);
  t.deepEqual(seen(), {
    seats: 4,
    people: [{ name: "Rehearsal-1", memory: 1000, ended: 1, limit: 1024, machine: "one" }],
    machines: [{ name: "one", memory: 2000, total: 8192 }],
    silent: 0,
  });
});
