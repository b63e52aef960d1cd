import test from "ava";
import type { Cluster } from "../../src/cluster/cluster.js";
import { imageReference } from "../../src/images/own.js";
import { pieces } from "../../src/pieces/index.js";
import { said } from "../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost } from "../support/fakes.js";

// Our images are made of what `npm run build` writes; without it the pieces that name one cannot look.
const isBuilt = ((): boolean => {
  try {
    return imageReference("hub") !== "";
  } catch {
    return false;
  }
})();
const withImages = new Set(["images", "registry", "quota", "proxy", "hub", "edge", "cleanup"]);
const able = pieces.filter(({ name }) => isBuilt || !withImages.has(name));

/** A machine on which nothing of ours is, as the recorded facts have it; any word to its Docker fails the test. */
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
    "homes on a server of their own",
    () =>
      fakeCluster(blank("manager", 11), [blank("worker", 12)], { storage: blank("server", 13) }),
  ],
];

for (const [what, make] of classes) {
  test(`${what}: on blank machines every piece can look and plan, without Docker`, async (t) => {
    const cluster = make();
    for (const piece of able) {
      const steps = piece.plan(cluster.config, await piece.inspect(cluster), cluster);
      t.is(
        steps.length === 0,
        ["cleanup", "registry", "skeleton"].includes(piece.name),
        `${piece.name}: ${said(steps).join("; ")}`,
      );
    }
  });

  test(`${what}: on blank machines there is nothing to take down`, async (t) => {
    const cluster = make();
    for (const piece of able)
      t.deepEqual(said(piece.remove(await piece.inspect(cluster), cluster)), [], piece.name);
  });
}

test("pieces have names of their own, short enough for a column", (t) => {
  const names = pieces.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  t.true(names.every((name) => name.length <= 9));
});

test("what begins before its turn names an earlier piece", (t) => {
  for (const [index, { name, startsAfter: beginsAfter }] of pieces.entries())
    if (beginsAfter !== undefined)
      t.true(
        pieces.slice(0, index).some((piece) => piece.name === beginsAfter),
        name,
      );
});

test("what stands on something comes after it", (t) => {
  const place = (name: string) => pieces.findIndex((piece) => piece.name === name);
  const order =
    "packages engine firewall swarm network storage images registry seats quota skeleton secrets proxy hub edge cleanup";
  t.deepEqual(order.split(" ").map(place), [...pieces.keys()]);
});
