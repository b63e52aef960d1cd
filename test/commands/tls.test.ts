import test from "ava";
import { classUrl } from "../../src/cluster/public-address.js";
import { renew } from "../../src/commands/tls/renew.js";
import { certificateJson, certificateLine, certificateRows } from "../../src/commands/tls/text.js";
import type { Config } from "../../src/config/types.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import {
  fakeCluster,
  fakeConfig,
  fakeFacts,
  fakeHost,
  fakeReport,
  userError,
} from "../support/fakes.js";
import { failed, letsEncrypt, parsedStatus, statusText } from "../tls/support/assert-problem.js";

const named = { domain: "geo.example.org", tls: letsEncrypt };
const now = new Date("2026-11-21T12:00:00Z");
const seen = (changes: Record<string, unknown> = {}, config: Partial<Config> = named) => ({
  config: fakeConfig(config),
  givenFiles: {},
  status: parsedStatus(changes),
  now,
});

test("tls shows the certificate, its names, when it expires, and the next attempt", (t) => {
  t.deepEqual(certificateRows(seen({ attempt: { ...failed, outcome: "ok", failures: 0 } })), [
    ["served", "certificate from Let's Encrypt R11"],
    ["names", "geo.example.org"],
    ["expires", "2027-01-30 00:00 UTC, in 69 days"],
    ["last attempt", "5 min ago: succeeded"],
    ["next attempt", "2026-11-22 03:17 UTC"],
  ]);
});

test("tls shows why no certificate is issued, and what to do", (t) => {
  const rows = certificateRows(seen({ kind: "self-signed", attempt: failed }));
  t.deepEqual(rows.slice(3), [
    ["last attempt", "5 min ago: failed (3 in a row): geo.example.org points to 198.51.100.7"],
    ["next attempt", "2026-11-22 03:17 UTC"],
    [
      "problem",
      "browsers show a warning: the edge serves a self-signed certificate instead of a certificate from Let's Encrypt: geo.example.org points to 198.51.100.7",
    ],
    ["", "→ correct its A record"],
  ]);
});

test("each kind of certificate has its own line", (t) => {
  const line = (changes: Record<string, unknown>) => certificateLine(seen(changes));
  t.is(line({}), "certificate from Let's Encrypt R11, expires in 69 days");
  t.is(line({ issuer: "" }), "certificate from Let's Encrypt, expires in 69 days");
  t.is(line({ kind: "own", issuer: "R3" }), "your own certificate from R3, expires in 69 days");
  t.regex(
    line({ kind: "self-signed" }),
    /^self-signed certificate: browsers warn once, expires in/,
  );
  t.is(
    line({ kind: "off", notAfter: null }),
    "no TLS: left to a reverse proxy in front of the class",
  );
  t.regex(line({ notAfter: "2026-11-21T11:59:00Z" }), /, expired$/);
  t.is(
    certificateLine({ ...seen(), status: undefined }),
    "the edge has not reported yet what it serves",
  );
});

test("the JSON has every value, and the days left as a number", (t) => {
  t.like(certificateJson(seen()), { kind: "acme", wanted: "acme", daysLeft: 69, problem: null });
  t.is(certificateJson(seen({ notAfter: "2026-11-21T00:00:00Z" }))?.daysLeft, -1);
  t.is(certificateJson({ ...seen(), status: undefined }), null);
});

test("a class behind a reverse proxy with TLS has an https address with its name", async (t) => {
  const manager = () => fakeHost("manager", { facts: fakeFacts({ machineId: "1" }) });
  const address = (config: Partial<Config>) => classUrl(fakeCluster(manager(), [], { config }));
  const off = (...trustedProxies: string[]) => ({ tls: { kind: "off" as const, trustedProxies } });
  const { domain } = named;
  t.is(await address({ domain, ...off("10.0.0.5") }), "https://geo.example.org");
  t.is(await address({ domain, ...off() }), "http://geo.example.org");
  t.is(await address(off("10.0.0.5")), "http://10.77.0.11");
  t.is(await address({ domain }), "https://geo.example.org");
});

/** `tls renew` against an edge that reports these statuses one after the other. */
const renewed = async (
  answers: Record<string, unknown>[],
  {
    force = false,
    json = false,
    config = named,
    containers = ["c1"],
  }: { force?: boolean; json?: boolean; config?: Partial<Config>; containers?: string[] } = {},
) => {
  const signals: string[] = [];
  const printed: string[] = [];
  const docker = {
    listContainers: async () => containers.map((Id) => ({ Id })),
    getContainer: (id: string) => ({
      kill: async ({ signal }: { signal: string }) => signals.push(`${signal} ${id}`),
    }),
  } as unknown as Partial<Docker>;
  let turn = 0;
  const text = () => statusText(answers[Math.min(turn++, answers.length - 1)]);
  const manager = fakeHost("manager", { docker, answers: [["status.json", text]] });
  const report = fakeReport();
  const work = renew(
    fakeCluster(manager, [], { config }),
    { force, json },
    { print: (line) => printed.push(line), report },
    { signal: new AbortController().signal, begin: 1500, quiet: 600, end: 3000 },
  );
  return { work, signals, printed, report };
};

const ok = (at: string) => ({ ...failed, at, outcome: "ok", failures: 0 });
const before = { attempt: ok("2026-11-20T00:00:00Z") };
const [running, done] = ["running", "ok"].map((outcome) => ({
  at: "2026-11-21T12:00:05Z",
  attempt: { ...ok("2026-11-21T12:00:01Z"), outcome },
}));

test("renew --force signals the edge, waits for the result and shows the new certificate", async (t) => {
  const { work, signals, printed, report } = await renewed([before, before, running!, done!], {
    force: true,
  });
  await work;
  t.deepEqual(signals, ["SIGUSR2 c1"]);
  t.regex(printed[0] ?? "", /^renewed: certificate from Let's Encrypt R11/);
  t.true(report.events.some((event) => event.type === "step-progress"));
});

test("renew reports a certificate that was not due", async (t) => {
  const quiet = { ...before, at: "2026-11-21T12:00:03Z" };
  const { work, signals, printed } = await renewed([before, quiet]);
  await work;
  t.deepEqual(signals, ["SIGUSR1 c1"]);
  t.regex(printed[0] ?? "", /^not due for renewal \(--force renews anyway\): certificate from/);
});

test("renew waits for an attempt that is already running", async (t) => {
  const { work, printed } = await renewed([running!, running!, done!]);
  await work;
  t.is(printed.length, 1);
});

test("an attempt that fails is reported with its reason and hint, and exit code 1", async (t) => {
  const { work } = await renewed([before, { attempt: failed }]);
  const error = await userError(work);
  t.is(
    error.message,
    "manager: the certificate was not issued: geo.example.org points to 198.51.100.7",
  );
  t.is(error.hint, "correct its A record");
  t.is(error.code, exitCode.failed);
});

test("an edge that does not react is reported", async (t) => {
  const error = await userError((await renewed([before])).work);
  t.is(error.message, "manager: the edge reported no result");
});

test("renew is refused without an authority, or without a running edge", async (t) => {
  const own = { kind: "own", certificate: "/c", key: "/k" } as const;
  const refused = await userError((await renewed([before], { config: { tls: own } })).work);
  t.is(refused.code, exitCode.usage);
  t.regex(refused.hint ?? "", /with a newer one, then: swarmhub up$/);
  const stopped = await userError((await renewed([before], { containers: [] })).work);
  t.is(stopped.message, "manager: the edge is not running");
});

test("with --json the result is one document", async (t) => {
  const { work, printed } = await renewed([before, done!], { json: true });
  await work;
  const { certificate } = JSON.parse(printed.join("\n")) as { certificate: { kind: string } };
  t.is(certificate.kind, "acme");
});
