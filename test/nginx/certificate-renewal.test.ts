import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type EdgeSettings, settingsFrom } from "../../contracts/edge-settings.js";
import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";
import { issuedFor, storeIssued } from "../../nginx/acme/issued.js";
import type { Window } from "../../nginx/acme/renewal-window.js";
import type { CertificatePair } from "../../nginx/certificate-pair.js";
import { certificateRenewal } from "../../nginx/certificate-renewal.js";
import { Problem } from "../../nginx/problem.js";
import type { ServedCertificate } from "../../nginx/site.js";
import { makeAuthority } from "./support/signing.js";

const { sign } = makeAuthority();
const start = Date.now();
const minute = 60_000;
const day = 24 * 60 * minute;

/** A renewal with the clock, site and authority of the test. */
const startRenewal = async (t: ExecutionContext, previous?: EdgeStatus) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-renewal-"));
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
    answer: (): CertificatePair | Promise<CertificatePair> => sign(["geo.example.org"]).pair,
    window: undefined as Window | undefined,
    attempts: [] as boolean[],
    wake: undefined as Date | undefined,
    onWake: (): unknown => undefined,
    status: undefined as EdgeStatus | undefined,
    logged: [] as string[],
    problem: null as Problem | null,
    attempt: async (force: boolean) => {
      world.attempts.push(force);
      return world.answer();
    },
  };
  const apply = async (): Promise<ServedCertificate> => {
    const issued = await issuedFor(world.settings);
    const pair = issued ?? self;
    const kind = issued === undefined ? "self-signed" : "acme";
    return { installed: { kind, pair }, served: pair.leaf, problem: world.problem };
  };
  const renewal = certificateRenewal(
    {
      now: () => new Date(world.time),
      settings: () => world.settings,
      apply,
      issue: (_settings, _acme, force) => world.attempt(force),
      suggestedWindow: async () => world.window,
      fraction: 0,
      wakeAt: (time) => {
        world.wake = time;
        if (time !== undefined && +time <= world.time) world.onWake();
      },
      write: async (status) => {
        world.status = status;
      },
      log: (text) => world.logged.push(text),
    },
    statusFrom(JSON.stringify(previous)),
  );
  return Object.assign(world, renewal);
};

const refuse = (): never => {
  throw new Problem("no", "ask nicely", "No.");
};

test("a missing certificate is requested, and renewed when a third of its lifetime is left", async (t) => {
  const world = await startRenewal(t);
  await world.check("schedule");
  t.is(world.status?.kind, "acme");
  t.is(world.status?.attempt?.outcome, "ok");
  t.is(Math.round((+world.wake! - start) / day), 60);
  await world.check("schedule");
  t.is(world.attempts.length, 1);
  world.time = start + 61 * day;
  world.answer = () => sign(["geo.example.org"], 90, -61).pair;
  await world.check("schedule");
  t.is(world.attempts.length, 2);
  t.is(Math.round((+world.wake! - start) / day), 121);
});

test("a certificate restored from a backup is used, and none is requested", async (t) => {
  const world = await startRenewal(t);
  const { pair } = sign(["geo.example.org"], 90, 20);
  await storeIssued(world.settings, pair);
  await world.check("schedule");
  t.is(world.attempts.length, 0);
  t.is(world.status?.serial, pair.leaf.serialNumber);
});

test("the waits after failures are 1, 10 and 100 minutes, then a day; each failure is one log line", async (t) => {
  const world = await startRenewal(t);
  world.answer = refuse;
  const waits: number[] = [];
  for (let failures = 1; failures <= 6; failures += 1) {
    await world.check("schedule");
    t.is(world.status?.attempt?.failures, failures);
    waits.push((+world.wake! - world.time) / minute);
    world.time = +world.wake! - 1000;
    await world.check("schedule");
    t.is(world.attempts.length, failures);
    world.time += 1001;
  }
  t.deepEqual(waits, [1, 10, 100, 1440, 1440, 1440]);
  t.is(world.logged.length, 6);
  t.is(world.logged[0], "no certificate for geo.example.org, attempt 1: no (ask nicely)");
  t.is(world.status?.kind, "self-signed");
  t.is(world.status?.history.length, 6);
});

test("a check that is due while another runs is not lost", async (t) => {
  const world = await startRenewal(t);
  world.answer = refuse;
  world.settings = world.settingsOf({ schedule: { pauses: [1] } });
  world.attempt = async () => {
    world.attempts.push(false);
    // It takes longer than the pause.
    world.time += 5000;
    return world.answer();
  };
  world.onWake = () => world.attempts.length < 3 && void world.check("schedule");
  await world.check("schedule");
  while (world.attempts.length < 3) await new Promise((resolve) => setImmediate(resolve));
  t.is(world.attempts.length, 3);
});

test("a wait survives a restart, and a manual request ends it", async (t) => {
  const first = await startRenewal(t);
  first.answer = refuse;
  await first.check("schedule");
  const second = await startRenewal(t, first.status);
  second.time = start + 30_000;
  await second.check("schedule");
  t.is(second.attempts.length, 0);
  t.is(second.status?.attempt?.failures, 1);
  await second.check("now");
  t.is(second.attempts.length, 1);
  t.is(second.status?.attempt?.outcome, "ok");
  t.is(second.status?.history.length, 2);
});

test("an edge that was killed during an attempt counts it as failed, and waits", async (t) => {
  const world = await startRenewal(t);
  const written: EdgeStatus[] = [];
  world.attempt = async () => {
    written.push(structuredClone(world.status!));
    return world.answer();
  };
  await world.check("schedule");
  t.is(written[0]?.attempt?.outcome, "running");
  const after = await startRenewal(t, written[0]);
  after.time = start + 1000;
  await after.check("schedule");
  t.is(after.attempts.length, 0);
  t.is(after.status?.attempt?.failures, 1);
  t.regex(after.status?.attempt?.error ?? "", /^the edge ended during an attempt$/);
});

test("a clock that goes a year ahead and back causes neither many requests nor a wait of a year", async (t) => {
  const world = await startRenewal(t);
  await world.check("schedule");
  const { serial } = world.status!;
  world.time = start + 365 * day;
  world.answer = refuse;
  await world.check("schedule");
  await world.check("schedule");
  t.is(world.attempts.length, 2);
  t.is(world.status?.serial, serial);
  world.time = start + minute;
  await world.check("schedule");
  t.is(world.attempts.length, 2);
  t.is(world.status?.attempt, null);
  t.is(world.status?.serial, serial);
  t.is(Math.round((+world.wake! - start) / day), 60);
});

test("a new certificate that would be due for renewal at once counts as a failure", async (t) => {
  const world = await startRenewal(t);
  world.time = start + 365 * day;
  await world.check("schedule");
  t.is(world.status?.attempt?.outcome, "failed");
  t.regex(world.status?.attempt?.hint ?? "", /clock/);
  t.is(+world.wake! - world.time, minute);
});

test("a certificate that is not valid yet is requested again: the attempt finds out whose clock is wrong", async (t) => {
  const world = await startRenewal(t);
  await storeIssued(world.settings, sign(["geo.example.org"], 90, -300).pair);
  await world.check("schedule");
  t.is(world.attempts.length, 1);
});

test("a certificate for other names is requested at once, and returning to the former names costs nothing", async (t) => {
  const world = await startRenewal(t);
  world.answer = refuse;
  await world.check("schedule");
  world.answer = () => sign(["geo.example.org"]).pair;
  await world.check("now");
  world.settings = world.settingsOf({ otherNames: ["www.geo.example.org"] });
  await world.check("schedule");
  t.is(world.attempts.length, 3);
  t.is((await readdir(join(world.folder, "acme/issued"))).length, 2);
  world.settings = world.settingsOf();
  await world.check("schedule");
  t.is(world.attempts.length, 3);
});

test("the authority's window takes precedence over the last third of the lifetime", async (t) => {
  const world = await startRenewal(t);
  await world.check("schedule");
  world.window = { start: new Date(start - 2 * day), end: new Date(start - day) };
  world.time = start + minute;
  await world.check("schedule");
  t.is(world.attempts.length, 2);
});

test('"force" renews a certificate that is not due, and skips the reachability check; "now" does not', async (t) => {
  const world = await startRenewal(t);
  await world.check("schedule");
  await world.check("now");
  t.deepEqual(world.attempts, [false]);
  await world.check("force");
  t.deepEqual(world.attempts, [false, true]);
});

test("a forced renewal that fails does not move the next scheduled one, however often", async (t) => {
  const world = await startRenewal(t);
  await world.check("schedule");
  const due = +world.wake!;
  world.answer = refuse;
  for (const _ of [1, 2, 3, 4, 5]) await world.check("force");
  t.is(world.status?.attempt?.outcome, "failed");
  t.is(world.status?.attempt?.error, "no");
  t.is(+world.wake!, due);
  t.is(Number(world.status?.nextAttempt), due);
  world.time = due;
  await world.check("schedule");
  t.is(world.attempts.length, 7, "without a wait");
  t.is(+world.wake! - world.time, minute, "and the failure counts as the first");
  t.is(world.logged[1], "no certificate for geo.example.org, manual attempt: no (ask nicely)");
});

test("while another attempt runs, the status keeps the error of the last one", async (t) => {
  const world = await startRenewal(t);
  world.answer = refuse;
  await world.check("schedule");
  let meanwhile: EdgeStatus | undefined;
  world.answer = () => {
    meanwhile = structuredClone(world.status);
    return sign(["geo.example.org"]).pair;
  };
  await world.check("now");
  t.like(meanwhile?.attempt, { outcome: "running", error: "no", hint: "ask nicely", failures: 1 });
  t.like(world.status?.attempt, { outcome: "ok", error: null, hint: null, failures: 0 });
});

test("manual attempts that fail during a wait do not extend it, also over a restart", async (t) => {
  const first = await startRenewal(t);
  first.answer = refuse;
  await first.check("schedule");
  first.time = +first.wake!;
  await first.check("schedule");
  const next = +first.wake!;
  t.is(next - first.time, 10 * minute);
  for (const reason of ["force", "now", "force"] as const) {
    first.time += minute;
    await first.check(reason);
    t.is(+first.wake!, next, reason);
    t.is(first.status?.attempt?.failures, 2);
    t.is(Number(first.status?.attempt?.at), first.time);
  }
  const second = await startRenewal(t, first.status);
  second.answer = refuse;
  second.time = first.time + minute;
  await second.check("schedule");
  t.is(second.attempts.length, 0);
  t.is(+second.wake!, next);
  second.time = next;
  await second.check("schedule");
  t.is(+second.wake! - next, 100 * minute);
});

test("a failed manual attempt at a due certificate that was not tried before starts the waits", async (t) => {
  const world = await startRenewal(t);
  world.answer = refuse;
  await world.check("force");
  t.is(world.status?.attempt?.failures, 1);
  t.is(+world.wake! - world.time, minute);
});

test("there is one attempt at a time: it also serves requests made meanwhile, and changed settings follow", async (t) => {
  const world = await startRenewal(t);
  let go: (pair: CertificatePair) => void = () => {};
  world.answer = () =>
    new Promise<CertificatePair>((resolve) => {
      go = resolve;
    });
  const first = world.check("schedule");
  while (world.attempts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([world.check("force"), world.check("now"), world.check("schedule")]);
  world.settings = world.settingsOf({ otherNames: ["www.geo.example.org"] });
  await world.check("changed");
  t.is(world.attempts.length, 1);
  world.answer = () => sign(["geo.example.org", "www.geo.example.org"]).pair;
  go(sign(["geo.example.org"]).pair);
  await first;
  t.is(world.attempts.length, 2);
  t.deepEqual(world.status?.attempt?.outcome, "ok");
});

test("an own certificate that cannot be served is reported, once in the log", async (t) => {
  const world = await startRenewal(t);
  world.settings = world.settingsOf({ tls: { kind: "own" } });
  world.problem = new Problem("it cannot be served", "correct it");
  await world.check("schedule");
  await world.check("schedule");
  t.is(world.status?.wanted, "own");
  t.is(world.status?.kind, "self-signed");
  t.is(world.status?.attempt?.error, "it cannot be served");
  t.deepEqual(world.logged, ["it cannot be served (correct it)"]);
  t.is(world.attempts.length, 0);
});

test("an attempt that fails while the settings change says that the next one comes now", async (t) => {
  const world = await startRenewal(t);
  let isChanged = () => {};
  world.answer = () => {
    isChanged = world.expectChange();
    throw new Problem("refused");
  };
  await world.check("schedule");
  t.is(world.status?.attempt?.outcome, "failed");
  t.is(world.status?.nextAttempt?.getTime(), world.time);
  isChanged();
  world.answer = () => {
    throw new Problem("refused again");
  };
  await world.check("changed");
  t.true((world.status?.nextAttempt?.getTime() ?? 0) > world.time);
});
