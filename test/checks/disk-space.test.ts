import test from "ava";
import { diskSpace } from "../../src/checks/disk-space.js";
import { classOf } from "../support/class-of.js";
import { contextOf } from "./support/context.js";

const gibibyte = 2 ** 30;

for (const [free, docker, level] of [
  [20 * gibibyte, "inactive", "ok"],
  [4 * gibibyte, "inactive", "warning"],
  [gibibyte / 2, "inactive", "error"],
  [gibibyte / 2, "active", "warning"],
] as const)
  test(`${free / gibibyte} GB free on a machine whose Docker is ${docker}: ${level}`, async (t) => {
    const facts = { freeOnRoot: free, units: { "docker.service": docker } };
    const found = await diskSpace.run(contextOf(classOf(0), { facts }));
    t.deepEqual(
      found.map((each) => each.level),
      [level],
    );
  });
