import test from "ava";
import type { Config } from "../../src/config/types.js";
import { lengthText } from "../../src/text/format.js";
import { type Certificates, certificateProblem } from "../../src/tls/diagnosis.js";
import { fakeConfig } from "../support/fakes.js";
import { failed, letsEncrypt, says } from "./support/assert-problem.js";

const now = new Date("2026-11-21T12:00:00Z");
const named = { domain: "geo.example.org", otherNames: [] as string[] };
const authority = fakeConfig({ ...named, tls: letsEncrypt });
const own = fakeConfig({ ...named, tls: { kind: "own", certificate: "/c.pem", key: "/k.pem" } });
const selfSigned = fakeConfig(named);
const text = (config: Config, status: Certificates["status"], more: Partial<Certificates> = {}) => {
  const trouble = certificateProblem({ config, status, given: {}, now, ...more });
  return trouble === undefined ? "" : `${trouble.text}; ${trouble.hint}`;
};
const kind = (served: string, wanted = served) => ({ kind: served, wanted });

test("what is as wanted is no trouble, and neither is an edge that has not spoken yet", (t) => {
  t.is(text(authority, says()), "");
  t.is(text(own, says(kind("own")), { given: { serial: "0A" } }), "");
  t.is(text(selfSigned, says(kind("self-signed"))), "");
  t.is(text(authority, undefined), "");
  t.is(text(authority, says({ attempt: { ...failed, outcome: "running" } })), "");
});

for (const [what, words, expected] of [
  [
    "a first certificate that does not come, with why and what to do",
    text(authority, says({ ...kind("self-signed", "acme"), attempt: failed })),
    /self-signed instead of a certificate of Let's Encrypt: geo.example.org leads to 198.51.100.7; mend its A record$/,
  ],
  [
    "a first certificate that is asked for again, with why it did not come before",
    text(
      authority,
      says({ ...kind("self-signed", "acme"), attempt: { ...failed, outcome: "running" } }),
    ),
    /self-signed instead of .*: geo.example.org leads to 198.51.100.7; mend its A record$/,
  ],
  [
    "a first certificate that was never asked for",
    text(authority, says(kind("self-signed", "acme"))),
    /instead of .*; `swarmhub tls` shows more/,
  ],
  ["settings that did not arrive", text(own, says()), /still goes by earlier settings/],
  [
    "an own certificate that the edge does not take",
    text(own, says({ ...kind("self-signed", "own"), attempt: failed })),
    /instead of your own certificate: geo/,
  ],
  [
    "an own certificate that is not the one in the file",
    text(own, says(kind("own")), { given: { serial: "0B" } }),
    /another certificate than the one in your file/,
  ],
  [
    "a certificate of another authority",
    text(authority, says({ directory: "https://acme-staging-v02.api.letsencrypt.org/directory" })),
    /is of another authority than Let's Encrypt/,
  ],
  [
    "a name that came later",
    text({ ...authority, otherNames: ["www.geo.example.org"] }, says()),
    /is not for www.geo.example.org/,
  ],
  [
    "a renewal that fails",
    text(authority, says({ attempt: failed })),
    /could not be renewed: geo.example.org leads to/,
  ],
  [
    "a tenth of the life",
    text(authority, says({ notAfter: "2026-11-23T00:00:00Z" })),
    /ends in 36 hours/,
  ],
  [
    "a tenth of a life of minutes",
    text(authority, says({ notBefore: "2026-11-21T11:40:00Z", notAfter: "2026-11-21T12:01:30Z" })),
    /ends in 1 minute;/,
  ],
  [
    "an own certificate at its end",
    text(own, says({ ...kind("own"), notAfter: "2026-11-21T11:00:00Z" })),
    /has ended, and browsers are warned; put a newer one into \/c.pem/,
  ],
] as const)
  test(`trouble: ${what}`, (t) => t.regex(words, expected));

test("a self-signed certificate is made anew in time by the edge itself", (t) => {
  t.is(text(selfSigned, says({ ...kind("self-signed"), notAfter: "2026-11-22T00:00:00Z" })), "");
});

test("a length of time is said in its own unit", (t) => {
  const minute = 60_000;
  t.deepEqual(
    [minute, 119 * minute, 120 * minute, 47 * 60 * minute, 48 * 60 * minute].map(lengthText),
    ["1 minute", "119 minutes", "2 hours", "47 hours", "2 days"],
  );
});
