import test from "ava";
import { diskSpace } from "../../src/checks/disk-space.js";
import { classOf } from "../support/class-of.js";
import { contextOf } from "./support/context.js";

const gibibyte = 2 ** 30;

const disk = (freeBytes: number) => ({
  path: "/var/lib",
  bytes: 20 * gibibyte,
  freeBytes,
  freeForRoot: freeBytes,
  files: 0,
  freeFiles: 0,
});

for (const [free, docker, level] of [
  [20 * gibibyte, "inactive", "ok"],
  [4 * gibibyte, "inactive", "warning"],
  [gibibyte / 2, "inactive", "error"],
  [gibibyte / 2, "active", "warning"],
] as const)
  test(`${free / gibibyte} GB free on a machine whose Docker is ${docker}: ${level}`, async (t) => {
    const facts = { dockerDisks: [disk(free)], units: { "docker.service": docker } };
    const found = await diskSpace.run(contextOf(classOf(0), { facts }));
    t.deepEqual(
      found.map((each) => each.level),
      [level],
    );
  });

for (const [what, freeForRoot, level] of [
  ["nearly full", gibibyte, "warning"],
  ["full", 0, "error"],
] as const)
  test(`a machine of a class whose Docker disk is ${what}: ${level}, and it says what to do`, async (t) => {
    const facts = {
      units: { "docker.service": "active" },
      dockerDisks: [
        {
          path: "/data",
          bytes: 20 * gibibyte,
          freeBytes: 0,
          freeForRoot,
          files: 0,
          freeFiles: 0,
        },
      ],
    };
    const [found] = await diskSpace.run(contextOf(classOf(0), { facts }));
    t.is(found?.level, level);
    t.is(found?.text, "only 0 B of 20 GB free in /data, so it gets no new servers");
    t.regex(found?.hint ?? "", /free some space on manager/);
  });
