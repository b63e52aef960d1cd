import test from "ava";
import type { Config } from "../../src/config/types.js";
import { lengthText } from "../../src/text/format.js";
import { type Certificates, certificateProblem } from "../../src/tls/diagnosis.js";
import { fakeConfig } from "../support/fakes.js";
import { failed, letsEncrypt, parsedStatus } from "./support/assert-problem.js";

const now = new Date("2026-11-21T12:00:00Z");
const named = { domain: "geo.example.org", otherNames: [] as string[] };
const authority = fakeConfig({ ...named, tls: letsEncrypt });
const own = fakeConfig({ ...named, tls: { kind: "own", certificate: "/c.pem", key: "/k.pem" } });
const selfSigned = fakeConfig(named);
const text = (config: Config, status: Certificates["status"], more: Partial<Certificates> = {}) => {
  const problem = certificateProblem({ config, status, givenFiles: {}, now, ...more });
  return problem === undefined ? "" : `${problem.reason}; ${problem.hint}`;
};
const kind = (served: string, wanted = served) => ({ kind: served, wanted });

test("there is no problem with the wanted certificate, or with an edge that has not reported yet", (t) => {
  t.is(text(authority, parsedStatus()), "");
  t.is(text(own, parsedStatus(kind("own")), { givenFiles: { serial: "0A" } }), "");
  t.is(text(selfSigned, parsedStatus(kind("self-signed"))), "");
  t.is(text(authority, undefined), "");
  t.is(text(authority, parsedStatus({ attempt: { ...failed, outcome: "running" } })), "");
});

for (const [situation, problem, expected] of [
  [
    "a first certificate that is not issued, with reason and hint",
    text(authority, parsedStatus({ ...kind("self-signed", "acme"), attempt: failed })),
    /^browsers show a warning: the edge serves a self-signed certificate instead of a certificate from Let's Encrypt: geo.example.org points to 198.51.100.7; correct its A record$/,
  ],
  [
    "a first certificate that is requested again, with the reason of the last failure",
    text(
      authority,
      parsedStatus({ ...kind("self-signed", "acme"), attempt: { ...failed, outcome: "running" } }),
    ),
    /self-signed certificate instead of .*: geo.example.org points to 198.51.100.7; correct its A record$/,
  ],
  [
    "a first certificate that was never requested",
    text(authority, parsedStatus(kind("self-signed", "acme"))),
    /instead of .*; for more: swarmhub tls, or swarmhub logs edge$/,
  ],
  [
    "settings that the edge has not read",
    text(own, parsedStatus()),
    /still uses the previous settings/,
  ],
  [
    "an own certificate that the edge rejects",
    text(own, parsedStatus({ ...kind("self-signed", "own"), attempt: failed })),
    /instead of your own certificate: geo/,
  ],
  [
    "another own certificate than the one in the file",
    text(own, parsedStatus(kind("own")), { givenFiles: { serial: "0B" } }),
    /another certificate than the one in your file/,
  ],
  [
    "a certificate of another authority",
    text(
      authority,
      parsedStatus({ directory: "https://acme-staging-v02.api.letsencrypt.org/directory" }),
    ),
    /is from another authority than Let's Encrypt/,
  ],
  [
    "a name that was added later",
    text({ ...authority, otherNames: ["www.geo.example.org"] }, parsedStatus()),
    /does not cover www.geo.example.org/,
  ],
  [
    "a renewal that fails",
    text(authority, parsedStatus({ attempt: failed })),
    /could not be renewed: geo.example.org points to/,
  ],
  [
    "a tenth of the lifetime left",
    text(authority, parsedStatus({ notAfter: "2026-11-23T00:00:00Z" })),
    /expires in 36 hours/,
  ],
  [
    "a tenth of a lifetime of minutes left",
    text(
      authority,
      parsedStatus({ notBefore: "2026-11-21T11:40:00Z", notAfter: "2026-11-21T12:01:30Z" }),
    ),
    /expires in 1 minute;/,
  ],
  [
    "an expired own certificate",
    text(own, parsedStatus({ ...kind("own"), notAfter: "2026-11-21T11:00:00Z" })),
    /has expired, and browsers show a warning; put a newer one into \/c.pem, then: swarmhub up$/,
  ],
] as const)
  test(`problem: ${situation}`, (t) => t.regex(problem, expected));

test("a self-signed certificate that expires is no problem: the edge replaces it by itself", (t) => {
  t.is(
    text(selfSigned, parsedStatus({ ...kind("self-signed"), notAfter: "2026-11-22T00:00:00Z" })),
    "",
  );
});

test("a length of time has a fitting unit", (t) => {
  const minute = 60_000;
  t.deepEqual(
    [minute, 119 * minute, 120 * minute, 47 * 60 * minute, 48 * 60 * minute].map(lengthText),
    ["1 minute", "119 minutes", "2 hours", "47 hours", "2 days"],
  );
});
