import test from "ava";
import { scratch } from "../../src/checks/scratch.js";
import type { Bytes } from "../../src/config/types.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const gibibyte = 2 ** 30;
const config = { servers: { ...fakeConfig().servers, scratch: (10 * gibibyte) as Bytes } };
const found = (facts: Partial<Facts>, of = classOf(1, { config })) =>
  scratch.run(contextOf(of, { facts: { packages: {}, memory: 4 * gibibyte, ...facts } }));

for (const [what, facts, line] of [
  [
    "a large blank disk",
    { freeForHomes: 900 * gibibyte },
    "ok worker1: each server will have 10 GB outside its home",
  ],
  [
    "a small one",
    { freeForHomes: 30 * gibibyte },
    "ok worker1: each server will have 6 GB outside its home (less than 10 GB: its disk is small)",
  ],
  [
    "a tiny one",
    { freeForHomes: 7 * gibibyte },
    "warning worker1: each server will have 1 GB outside its home, which the disk does not have for every seat",
  ],
  [
    "a Docker of the owner",
    { packages: { "docker-ce": "29" } },
    "note worker1: a server may fill the disk, and is then ended (no limit: Docker was there before swarmhub)",
  ],
  [
    "a class that runs",
    { dockerHolds: ["images"] },
    "warning worker1: a server may fill the disk, and is then ended (no limit: Docker already has data there, which is not moved)",
  ],
  [
    "a limit that Docker ignores",
    { files: { [paths.scratchNote]: "limit 1073741824\nseen 99999999999\n" } },
    "warning worker1: a server may fill the disk, and is then ended (a container does not have the limit of 1 GB)",
  ],
] as [string, Partial<Facts>, string][])
  test(`the check of scratch space on ${what}`, async (t) => {
    t.deepEqual(lines(await found(facts)), [line]);
  });

test("with `scratch: off` the check says what happens to a server that fills the disk", async (t) => {
  t.deepEqual(lines(await found({}, classOf(1))), [
    "ok worker1: a server may fill the disk, and is then ended",
  ]);
});
