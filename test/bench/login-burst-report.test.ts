import test from "ava";
import { type Storm, lostIn, percentile, stormTable, waited } from "./login-burst-report.js";

const storm: Storm = {
  arrivals: [
    { user: "s1", begun: 1000, loggedIn: 1500, ready: 3000, answered: 4000, reloads: 0 },
    { user: "s2", begun: 1000, loggedIn: 1700, ready: 8000, answered: 9000, reloads: 0 },
    { user: "s3", begun: 1000, loggedIn: 1600, sentence: "All seats are taken.", reloads: 0 },
  ],
  started: [
    { name: "nb-s1", made: 2000, runs: 2500 },
    { name: "nb-s2", made: 2200, runs: undefined },
  ],
  cpu: 1.5,
  ghosts: ["nb-s3"],
  load: 2.25,
};

test("a share of some numbers is one of them", (t) => {
  const numbers = Array.from({ length: 50 }, (_, index) => 50 - index);
  t.deepEqual(
    [0.5, 0.95, 1].map((share) => percentile(numbers, share)),
    [25, 48, 50],
  );
  t.is(percentile([], 0.5), Number.NaN);
});

test("who got no server waits for ever", (t) => {
  t.is(waited(storm, 0.3), 3000);
  t.is(waited(storm, 0.5), 8000);
  t.is(waited(storm, 0.95), Infinity);
  t.is(lostIn(storm), 1);
});

test("a storm is told with its failures, its cost, its ghosts, and how far people were when", (t) => {
  t.deepEqual(stormTable(storm).split("\n"), [
    "|  |  |",
    "| --- | --- |",
    "| logins | 3 |",
    "| without a server | 1 |",
    "| waited, p50 / p95 / longest | 8.00 s / never / never |",
    "| CPU of the hub a login | 500 ms |",
    "| two minutes later, ghosts | nb-s3 |",
    "| load of the machine | 2.3 |",
    "| logged in, p50 / p95 | 600 ms / 700 ms |",
    "| service made, p50 / p95 | 1.00 s / 1.20 s |",
    "| container runs, p50 / p95 | 1.50 s / 1.50 s |",
    "| hub says ready, p50 / p95 | 2.00 s / 7.00 s |",
    "| server answers, p50 / p95 | 3.00 s / 8.00 s |",
    "",
    "- 1 × All seats are taken.",
  ]);
});
