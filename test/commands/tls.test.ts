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
import { failed, letsEncrypt, says, statusText } from "../tls/support/assert-problem.js";

const named = { domain: "geo.example.org", tls: letsEncrypt };
const now = new Date("2026-11-21T12:00:00Z");
const seen = (changes: Record<string, unknown> = {}, config: Partial<Config> = named) => ({
  config: fakeConfig(config),
  given: {},
  status: says(changes),
  now,
});

test("tls shows what is served, for which names, until when, and what comes next", (t) => {
  t.deepEqual(certificateRows(seen({ attempt: { ...failed, outcome: "ok", failures: 0 } })), [
    ["served", "certificate of Let's Encrypt R11"],
    ["names", "geo.example.org"],
    ["ends", "2027-01-30 00:00 UTC, in 69 days"],
    ["last attempt", "5 min ago: it went well"],
    ["next attempt", "2026-11-22 03:17 UTC"],
  ]);
});

test("tls shows why a certificate does not come, and what to do", (t) => {
  const rows = certificateRows(seen({ kind: "self-signed", attempt: failed }));
  t.deepEqual(rows.slice(3), [
    ["last attempt", "5 min ago: it failed (3 in a row): geo.example.org leads to 198.51.100.7"],
    ["next attempt", "2026-11-22 03:17 UTC"],
    [
      "wrong",
      "browsers are warned: the certificate is self-signed instead of a certificate of Let's Encrypt: geo.example.org leads to 198.51.100.7",
    ],
    ["", "→ mend its A record"],
  ]);
});

test("what each way of serving is called", (t) => {
  const line = (changes: Record<string, unknown>) => certificateLine(seen(changes));
  t.is(line({}), "certificate of Let's Encrypt R11, ends in 69 days");
  t.is(line({ issuer: "" }), "certificate of Let's Encrypt, ends in 69 days");
  t.is(line({ kind: "own", issuer: "R3" }), "your own certificate of R3, ends in 69 days");
  t.regex(line({ kind: "self-signed" }), /^self-signed certificate: browsers warn once, ends in/);
  t.regex(line({ kind: "off", notAfter: null }), /^no TLS: .* does it$/);
  t.regex(line({ notAfter: "2026-11-21T11:59:00Z" }), /it has ended$/);
  t.is(
    certificateLine({ ...seen(), status: undefined }),
    "the edge has not said yet what it serves",
  );
});

test("as JSON every value is there, and the days left as a number", (t) => {
  t.like(certificateJson(seen()), { kind: "acme", wanted: "acme", daysLeft: 69, trouble: null });
  t.is(certificateJson(seen({ notAfter: "2026-11-21T00:00:00Z" }))?.daysLeft, -1);
  t.is(certificateJson({ ...seen(), status: undefined }), null);
});

test("a class behind something that does TLS is found by https under its name", async (t) => {
  const manager = () => fakeHost("manager", { facts: fakeFacts({ machineId: "1" }) });
  const address = (config: Partial<Config>) => classUrl(fakeCluster(manager(), [], { config }));
  const off = (...trustedProxies: string[]) => ({ tls: { kind: "off" as const, trustedProxies } });
  const { domain } = named;
  t.is(await address({ domain, ...off("10.0.0.5") }), "https://geo.example.org");
  t.is(await address({ domain, ...off() }), "http://geo.example.org");
  t.is(await address(off("10.0.0.5")), "http://10.77.0.11");
  t.is(await address({ domain }), "https://geo.example.org");
});

/** `tls renew` against an edge that says these things one after the other. */
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

test("renew --force has the edge ask, waits for the outcome and says what is served then", async (t) => {
  const { work, signals, printed, report } = await renewed([before, before, running!, done!], {
    force: true,
  });
  await work;
  t.deepEqual(signals, ["SIGUSR2 c1"]);
  t.regex(printed[0] ?? "", /^renewed: certificate of Let's Encrypt R11/);
  t.true(report.events.some((event) => event.type === "step-progress"));
});

test("renew says so where nothing was due", async (t) => {
  const quiet = { ...before, at: "2026-11-21T12:00:03Z" };
  const { work, signals, printed } = await renewed([before, quiet]);
  await work;
  t.deepEqual(signals, ["SIGUSR1 c1"]);
  t.regex(printed[0] ?? "", /^nothing was due \(--force renews all the same\): certificate of/);
});

test("an attempt that is under way is waited for", async (t) => {
  const { work, printed } = await renewed([running!, running!, done!]);
  await work;
  t.is(printed.length, 1);
});

test("an attempt that fails is told with its reason and hint, and exit code 1", async (t) => {
  const { work } = await renewed([before, { attempt: failed }]);
  const error = await userError(work);
  t.is(
    error.message,
    "manager: the certificate was not given out: geo.example.org leads to 198.51.100.7",
  );
  t.is(error.hint, "mend its A record");
  t.is(error.code, exitCode.failed);
});

test("an edge that does not answer is told so", async (t) => {
  const error = await userError((await renewed([before])).work);
  t.regex(error.message, /does not say how that went/);
});

test("renew is refused where there is nothing to renew, or nobody to do it", async (t) => {
  const own = { kind: "own", certificate: "/c", key: "/k" } as const;
  const refused = await userError((await renewed([before], { config: { tls: own } })).work);
  t.is(refused.code, exitCode.usage);
  t.regex(refused.hint ?? "", /newer one in its place/);
  const away = await userError((await renewed([before], { containers: [] })).work);
  t.is(away.message, "manager: the edge does not run");
});

test("as JSON the result is one document", async (t) => {
  const { work, printed } = await renewed([before, done!], { json: true });
  await work;
  const { certificate } = JSON.parse(printed.join("\n")) as { certificate: { kind: string } };
  t.is(certificate.kind, "acme");
});
