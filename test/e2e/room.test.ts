import test from "ava";
import { artefactFolder } from "./support/artefacts.js";
import { outputOf } from "./support/isolated-program.js";

const curve = (paths: number) => ({
  "says when or how many": true,
  "paths with numbers": Array.from({ length: paths }, () => true),
  "times below it": [true, true],
});

test("a teacher watches and helps a class of fifty on the page of the room, and nobody else reads it", async (t) => {
  t.timeout(600_000);
  const folder = await artefactFolder("room");
  t.log(`screenshots: ${folder}`);
  // The proxy finds ben's server by the name that a Swarm would resolve.
  const hosts = ["127.0.0.1 geo-101-nb-ben"];
  const output = await outputOf("room/program", { argv: [folder], hosts });
  const seen = JSON.parse(output) as Record<string, unknown>;
  t.log(seen);
  const costs = [
    ["bytes to load", 100_000],
    ["bytes a second", 2000],
    ["percent of a core: hub", 1],
    ["percent of a core: service", 1],
  ] as const;
  for (const [name, limit] of costs) {
    t.true(Number(seen[name]) < limit, `${name}: ${String(seen[name])}`);
    delete seen[name];
  }
  t.deepEqual(seen, {
    "a name that is HTML": [1, "geo-101 · room"],
    "axe, light": [],
    "axe, dialog": [],
    curves: {
      "seats-curve": curve(3),
      "memory-curve": curve(3),
      "starts-curve": curve(2),
    },
    "warning of a home that has more room": 0,
    "stop without the name": "disabled",
    stopped: true,
    restart: [1, 2],
    "axe, doors": [],
    "start all while closed": true,
    "axe, closed": [],
    "hidden names": [],
    "axe, dark": [],
    "axe, phone": [],
    "pixels beside a phone": 0,
    "the same page after a restart of the hub": true,
    "silent machine": { "figures while silent": 0, words: 0 },
    "start all": { "asked for all of them": true, several: true, "without a server": [] },
    "hidden tab": { "streams while hidden": 0, "streams when shown again": 1 },
    certificates: [
      "Certificate until DATE",
      "bad: Certificate until DATE, in 5 days",
      "bad: The certificate ended on DATE",
    ],
    "errors of the page": [],
    "a student": 403,
    "a page of a user's server read": [],
  });
});
