import test from "ava";
import { seatsOn, seatsText } from "../../src/cluster/seats.js";
import { classOf, machinesOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";

const gibibytes = (count: number) => count * 2 ** 30;

test("a machine reserves half a gigabyte for its system, the manager more for the hub", (t) => {
  const config = fakeConfig();
  t.is(seatsOn(gibibytes(8), config, false), 7);
  t.is(seatsOn(gibibytes(8), config, true), 6);
});

test("a machine that is too small has no seats, never a negative number", (t) => {
  const config = fakeConfig();
  t.is(seatsOn(gibibytes(1), config, false), 0);
  t.is(seatsOn(0, config, true), 0);
});

test("seats are described with the machines' memory and the reserved part", (t) => {
  const said = (workers: number, some: Record<string, number> = {}) => {
    const cluster = classOf(workers);
    const changes = Object.entries(some).map(([name, memory]) => [name, { memory }] as const);
    return seatsText(
      cluster,
      machinesOf(cluster, { memory: gibibytes(16) }, Object.fromEntries(changes)),
    );
  };
  t.is(said(2), "30 seats: 2 × 16 GB at 1 GB, 512 MB of each reserved for the system");
  t.is(
    said(2, { worker2: gibibytes(8) }),
    "22 seats: 1 × 16 GB, 1 × 8 GB at 1 GB, 512 MB of each reserved for the system",
  );
  t.is(said(0), "14 seats: 1 × 16 GB at 1 GB, 1.3 GB reserved for the hub and the system");
  t.is(
    said(0, { manager: gibibytes(2.5) }),
    "1 seat: 1 × 2.5 GB at 1 GB, 1.3 GB reserved for the hub and the system",
  );
});
