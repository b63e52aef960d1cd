import test from "ava";
import type { Cluster } from "../../src/cluster/cluster.js";
import { imageReference } from "../../src/images/own.js";
import { pieces } from "../../src/pieces/index.js";
import { describeSteps } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

// Our images are built from the output of `npm run build`; without it pieces that name an image cannot be inspected.
const isBuilt = ((): boolean => {
  try {
    return imageReference("hub") !== "";
  } catch {
    return false;
  }
})();
const withImages = new Set(["images", "registry", "quota", "proxy", "hub", "edge", "cleanup"]);
const testable = pieces.filter(({ name }) => isBuilt || !withImages.has(name));

/** A machine without anything of ours, by its recorded facts; any call to its Docker fails the test. */
const blank = (name: string, last: number) =>
  fakeHost(name, {
    facts: fakeFacts({
      machineId: name,
      addresses: [{ device: "eth0", address: `10.77.0.${last}`, prefix: 24, mtu: 1500 }],
    }),
    answers: [["readlink", "path /dev/ubdb\n"]],
  });

const classes: [string, () => Cluster][] = [
  ["one machine alone", () => fakeCluster(blank("manager", 11))],
  ["a manager and a worker", () => fakeCluster(blank("manager", 11), [blank("worker", 12)])],
  [
    "homes on a separate server",
    () =>
      fakeCluster(blank("manager", 11), [blank("worker", 12)], { storage: blank("server", 13) }),
  ],
];

for (const [what, make] of classes) {
  test(`${what}: on blank machines every piece can inspect and plan without Docker`, async (t) => {
    const cluster = make();
    for (const piece of testable) {
      const steps = piece.plan(cluster.config, await piece.inspect(cluster), cluster);
      t.is(
        steps.length === 0,
        ["outbound", "cleanup", "scratch", "registry", "skeleton", "roster"].includes(piece.name),
        `${piece.name}: ${describeSteps(steps).join("; ")}`,
      );
    }
  });

  test(`${what}: on blank machines there is nothing to remove`, async (t) => {
    const cluster = make();
    for (const piece of testable)
      t.deepEqual(
        describeSteps(piece.remove(await piece.inspect(cluster), cluster)),
        [],
        piece.name,
      );
  });
}

test("pieces have unique names, short enough for a column", (t) => {
  const names = pieces.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  t.true(names.every((name) => name.length <= 9));
});

test("`startsAfter` names an earlier piece", (t) => {
  for (const [index, { name, startsAfter }] of pieces.entries())
    if (startsAfter !== undefined)
      t.true(
        pieces.slice(0, index).some((piece) => piece.name === startsAfter),
        name,
      );
});

test("every piece comes after those that it depends on", (t) => {
  const place = (name: string) => pieces.findIndex((piece) => piece.name === name);
  const order =
    "outbound packages scratch engine firewall monitor swarm network storage images registry trial reserve seats quota skeleton secrets roster files proxy hub edge cleanup";
  t.deepEqual(order.split(" ").map(place), [...pieces.keys()]);
});
