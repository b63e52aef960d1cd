import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type EdgeSettings, settingsFrom } from "../../contracts/edge-settings.js";
import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";
import { issuedFor, keepIssued } from "../../nginx/acme/issued.js";
import type { Window } from "../../nginx/acme/renewal-window.js";
import type { Pair } from "../../nginx/certificate-pair.js";
import { certificateRenewal } from "../../nginx/certificate-renewal.js";
import { Problem } from "../../nginx/problem.js";
import type { Served } from "../../nginx/site.js";
import { makeAuthority } from "./support/signing.js";

const { sign } = makeAuthority();
const start = Date.now();
const minute = 60_000;
const day = 24 * 60 * minute;

/** A keeper whose clock, site and authority are the test's. */
const keeping = async (t: ExecutionContext, former?: EdgeStatus) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-keeper-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const settingsOf = (changes: Record<string, unknown> = {}): EdgeSettings =>
    settingsFrom(
      JSON.stringify({
        domain: "geo.example.org",
        address: null,
        tls: { kind: "acme", directory: "https://acme.example/dir" },
        folders: { certificates: folder },
        ...changes,
      }),
    );
  const self = sign(["geo.example.org"]).pair;
  const world = {
    time: start,
    settings: settingsOf(),
    settingsOf,
    folder,
    answer: (): Pair | Promise<Pair> => sign(["geo.example.org"]).pair,
    window: undefined as Window | undefined,
    attempts: [] as boolean[],
    wake: undefined as Date | undefined,
    onWake: (): unknown => undefined,
    status: undefined as EdgeStatus | undefined,
    said: [] as string[],
    trouble: null as Problem | null,
    attempt: async (insist: boolean) => {
      world.attempts.push(insist);
      return world.answer();
    },
  };
  const apply = async (): Promise<Served> => {
    const issued = await issuedFor(world.settings);
    const pair = issued ?? self;
    const kind = issued === undefined ? "self-signed" : "acme";
    return { given: { kind, pair }, shown: pair.leaf, trouble: world.trouble };
  };
  const { look } = certificateRenewal(
    {
      now: () => new Date(world.time),
      settings: () => world.settings,
      apply,
      attempt: (_settings, _acme, insist) => world.attempt(insist),
      suggested: async () => world.window,
      fraction: 0,
      wakeAt: (time) => {
        world.wake = time;
        if (time !== undefined && +time <= world.time) world.onWake();
      },
      write: async (status) => {
        world.status = status;
      },
      say: (text) => world.said.push(text),
    },
    statusFrom(JSON.stringify(former)),
  );
  return Object.assign(world, { look });
};

const refuse = (): never => {
  throw new Problem("no", "ask nicely", "No.");
};

test("where there is none one is asked for, and asked for again when a third of its life is left", async (t) => {
  const world = await keeping(t);
  await world.look("schedule");
  t.is(world.status?.kind, "acme");
  t.is(world.status?.attempt?.outcome, "ok");
  t.is(Math.round((+world.wake! - start) / day), 60);
  await world.look("schedule");
  t.is(world.attempts.length, 1);
  world.time = start + 61 * day;
  world.answer = () => sign(["geo.example.org"], 90, -61).pair;
  await world.look("schedule");
  t.is(world.attempts.length, 2);
  t.is(Math.round((+world.wake! - start) / day), 121);
});

test("one that was restored from a backup is used, and none is asked for", async (t) => {
  const world = await keeping(t);
  const { pair } = sign(["geo.example.org"], 90, 20);
  await keepIssued(world.settings, pair);
  await world.look("schedule");
  t.is(world.attempts.length, 0);
  t.is(world.status?.serial, pair.leaf.serialNumber);
});

test("failures wait 1, 10 and 100 minutes, then a day; each is one line", async (t) => {
  const world = await keeping(t);
  world.answer = refuse;
  const waits: number[] = [];
  for (let failures = 1; failures <= 6; failures += 1) {
    await world.look("schedule");
    t.is(world.status?.attempt?.failures, failures);
    waits.push((+world.wake! - world.time) / minute);
    world.time = +world.wake! - 1000;
    await world.look("schedule");
    t.is(world.attempts.length, failures);
    world.time += 1001;
  }
  t.deepEqual(waits, [1, 10, 100, 1440, 1440, 1440]);
  t.is(world.said.length, 6);
  t.is(world.said[0], "no certificate for geo.example.org, attempt 1: no (ask nicely)");
  t.is(world.status?.kind, "self-signed");
  t.is(world.status?.history.length, 6);
});

test("a look that is due while another is under way is not lost", async (t) => {
  const world = await keeping(t);
  world.answer = refuse;
  world.settings = world.settingsOf({ schedule: { pauses: [1] } });
  world.attempt = async () => {
    world.attempts.push(false);
    // It takes longer than the pause.
    world.time += 5000;
    return world.answer();
  };
  world.onWake = () => world.attempts.length < 3 && void world.look("schedule");
  await world.look("schedule");
  while (world.attempts.length < 3) await new Promise((resolve) => setImmediate(resolve));
  t.is(world.attempts.length, 3);
});

test("a pause outlives a restart, and somebody who asks ends it", async (t) => {
  const first = await keeping(t);
  first.answer = refuse;
  await first.look("schedule");
  const second = await keeping(t, first.status);
  second.time = start + 30_000;
  await second.look("schedule");
  t.is(second.attempts.length, 0);
  t.is(second.status?.attempt?.failures, 1);
  await second.look("now");
  t.is(second.attempts.length, 1);
  t.is(second.status?.attempt?.outcome, "ok");
  t.is(second.status?.history.length, 2);
});

test("whoever was killed in the midst of an attempt has failed, and waits", async (t) => {
  const world = await keeping(t);
  const written: EdgeStatus[] = [];
  world.attempt = async () => {
    written.push(structuredClone(world.status!));
    return world.answer();
  };
  await world.look("schedule");
  t.is(written[0]?.attempt?.outcome, "running");
  const after = await keeping(t, written[0]);
  after.time = start + 1000;
  await after.look("schedule");
  t.is(after.attempts.length, 0);
  t.is(after.status?.attempt?.failures, 1);
  t.regex(after.status?.attempt?.error ?? "", /in the midst of an attempt/);
});

test("a clock a year ahead and back neither wears out the authority nor waits for a year", async (t) => {
  const world = await keeping(t);
  await world.look("schedule");
  const { serial } = world.status!;
  world.time = start + 365 * day;
  world.answer = refuse;
  await world.look("schedule");
  await world.look("schedule");
  t.is(world.attempts.length, 2);
  t.is(world.status?.serial, serial);
  world.time = start + minute;
  await world.look("schedule");
  t.is(world.attempts.length, 2);
  t.is(world.status?.attempt, null);
  t.is(world.status?.serial, serial);
  t.is(Math.round((+world.wake! - start) / day), 60);
});

test("a new certificate that would have to be renewed at once counts as a failure", async (t) => {
  const world = await keeping(t);
  world.time = start + 365 * day;
  await world.look("schedule");
  t.is(world.status?.attempt?.outcome, "failed");
  t.regex(world.status?.attempt?.hint ?? "", /clock/);
  t.is(+world.wake! - world.time, minute);
});

test("one that has not begun yet is asked for again: the attempt sees whose clock is wrong", async (t) => {
  const world = await keeping(t);
  await keepIssued(world.settings, sign(["geo.example.org"], 90, -300).pair);
  await world.look("schedule");
  t.is(world.attempts.length, 1);
});

test("other names are asked for at once, and the former ones again cost nothing", async (t) => {
  const world = await keeping(t);
  world.answer = refuse;
  await world.look("schedule");
  world.answer = () => sign(["geo.example.org"]).pair;
  await world.look("now");
  world.settings = world.settingsOf({ otherNames: ["www.geo.example.org"] });
  await world.look("schedule");
  t.is(world.attempts.length, 3);
  t.is((await readdir(join(world.folder, "acme/issued"))).length, 2);
  world.settings = world.settingsOf();
  await world.look("schedule");
  t.is(world.attempts.length, 3);
});

test("the authority's word comes before the third of its life", async (t) => {
  const world = await keeping(t);
  await world.look("schedule");
  world.window = { start: new Date(start - 2 * day), end: new Date(start - day) };
  world.time = start + minute;
  await world.look("schedule");
  t.is(world.attempts.length, 2);
});

test("force renews what is not due, insisting; now does not", async (t) => {
  const world = await keeping(t);
  await world.look("schedule");
  await world.look("now");
  t.deepEqual(world.attempts, [false]);
  await world.look("force");
  t.deepEqual(world.attempts, [false, true]);
});

test("a renewal by force that fails leaves it due when it was, however often", async (t) => {
  const world = await keeping(t);
  await world.look("schedule");
  const due = +world.wake!;
  world.answer = refuse;
  for (const _ of [1, 2, 3, 4, 5]) await world.look("force");
  t.is(world.status?.attempt?.outcome, "failed");
  t.is(world.status?.attempt?.error, "no");
  t.is(+world.wake!, due);
  t.is(Number(world.status?.nextAttempt), due);
  world.time = due;
  await world.look("schedule");
  t.is(world.attempts.length, 7, "nothing is waited for then");
  t.is(+world.wake! - world.time, minute, "and a failure is the first");
  t.is(world.said[1], "no certificate for geo.example.org, asked for by hand: no (ask nicely)");
});

test("while another attempt is under way it is told on why the last one failed", async (t) => {
  const world = await keeping(t);
  world.answer = refuse;
  await world.look("schedule");
  let meanwhile: EdgeStatus | undefined;
  world.answer = () => {
    meanwhile = structuredClone(world.status);
    return sign(["geo.example.org"]).pair;
  };
  await world.look("now");
  t.like(meanwhile?.attempt, { outcome: "running", error: "no", hint: "ask nicely", failures: 1 });
  t.like(world.status?.attempt, { outcome: "ok", error: null, hint: null, failures: 0 });
});

test("who asks in vain while a failure is waited out does not make that longer, also over a restart", async (t) => {
  const first = await keeping(t);
  first.answer = refuse;
  await first.look("schedule");
  first.time = +first.wake!;
  await first.look("schedule");
  const next = +first.wake!;
  t.is(next - first.time, 10 * minute);
  for (const reason of ["force", "now", "force"] as const) {
    first.time += minute;
    await first.look(reason);
    t.is(+first.wake!, next, reason);
    t.is(first.status?.attempt?.failures, 2);
    t.is(Number(first.status?.attempt?.at), first.time);
  }
  const second = await keeping(t, first.status);
  second.answer = refuse;
  second.time = first.time + minute;
  await second.look("schedule");
  t.is(second.attempts.length, 0);
  t.is(+second.wake!, next);
  second.time = next;
  await second.look("schedule");
  t.is(+second.wake! - next, 100 * minute);
});

test("who asks in vain for what is due and was not tried yet has begun the waits", async (t) => {
  const world = await keeping(t);
  world.answer = refuse;
  await world.look("force");
  t.is(world.status?.attempt?.failures, 1);
  t.is(+world.wake! - world.time, minute);
});

test("only one attempt at a time: who asks meanwhile has what was asked for, other settings come after", async (t) => {
  const world = await keeping(t);
  let go: (pair: Pair) => void = () => {};
  world.answer = () =>
    new Promise<Pair>((resolve) => {
      go = resolve;
    });
  const first = world.look("schedule");
  while (world.attempts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([world.look("force"), world.look("now"), world.look("schedule")]);
  world.settings = world.settingsOf({ otherNames: ["www.geo.example.org"] });
  await world.look("changed");
  t.is(world.attempts.length, 1);
  world.answer = () => sign(["geo.example.org", "www.geo.example.org"]).pair;
  go(sign(["geo.example.org"]).pair);
  await first;
  t.is(world.attempts.length, 2);
  t.deepEqual(world.status?.attempt?.outcome, "ok");
});

test("an own certificate that cannot be served is told of, once in the log", async (t) => {
  const world = await keeping(t);
  world.settings = world.settingsOf({ tls: { kind: "own" } });
  world.trouble = new Problem("it cannot be served", "put it right");
  await world.look("schedule");
  await world.look("schedule");
  t.is(world.status?.wanted, "own");
  t.is(world.status?.kind, "self-signed");
  t.is(world.status?.attempt?.error, "it cannot be served");
  t.deepEqual(world.said, ["it cannot be served (put it right)"]);
  t.is(world.attempts.length, 0);
});
