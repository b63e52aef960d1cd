import test from "ava";
import {
  type LoginBurst,
  burstTable,
  countWithoutServer,
  percentile,
  waitTime,
} from "./login-burst-report.js";

const burst: LoginBurst = {
  results: [
    { user: "s1", started: 1000, loggedIn: 1500, ready: 3000, answered: 4000, reloads: 0 },
    { user: "s2", started: 1000, loggedIn: 1700, ready: 8000, answered: 9000, reloads: 0 },
    { user: "s3", started: 1000, loggedIn: 1600, message: "All seats are taken.", reloads: 0 },
  ],
  services: [
    { name: "nb-s1", created: 2000, running: 2500 },
    { name: "nb-s2", created: 2200, running: undefined },
  ],
  cpu: 1.5,
  orphans: ["nb-s3"],
  load: 2.25,
};

test("a percentile is one of the numbers", (t) => {
  const numbers = Array.from({ length: 50 }, (_, index) => 50 - index);
  t.deepEqual(
    [0.5, 0.95, 1].map((share) => percentile(numbers, share)),
    [25, 48, 50],
  );
  t.is(percentile([], 0.5), Number.NaN);
});

test("a user without a server waits for ever", (t) => {
  t.is(waitTime(burst, 0.3), 3000);
  t.is(waitTime(burst, 0.5), 8000);
  t.is(waitTime(burst, 0.95), Infinity);
  t.is(countWithoutServer(burst), 1);
});

test("the table of a burst has its failures, its cost, its orphans and the times of each stage", (t) => {
  t.deepEqual(burstTable(burst).split("\n"), [
    "|  |  |",
    "| --- | --- |",
    "| logins | 3 |",
    "| without a server | 1 |",
    "| wait, p50 / p95 / longest | 8.00 s / never / never |",
    "| CPU time of the hub for each login | 500 ms |",
    "| orphans after two minutes | nb-s3 |",
    "| load of the machine | 2.3 |",
    "| logged in, p50 / p95 | 600 ms / 700 ms |",
    "| service created, p50 / p95 | 1.00 s / 1.20 s |",
    "| container runs, p50 / p95 | 1.50 s / 1.50 s |",
    "| hub reports ready, p50 / p95 | 2.00 s / 7.00 s |",
    "| server answers, p50 / p95 | 3.00 s / 8.00 s |",
    "",
    "- 1 × All seats are taken.",
  ]);
});
