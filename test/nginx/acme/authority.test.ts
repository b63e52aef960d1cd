import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { askAuthority } from "../../../nginx/acme/authority.js";
import { renewalName } from "../../../nginx/acme/renewal-window.js";
import { selfSigned } from "../../../nginx/self-signed.js";
import { makeAuthority } from "../support/signing.js";

const folder = mkdtempSync(join(tmpdir(), "swarmhub-ask-"));
test.after.always(() => rm(folder, { recursive: true }));
const { leaf } = makeAuthority().sign(["geo.example.org"]).pair;
const now = (): Date => new Date();

type Answers = Record<string, { body: unknown; headers?: Record<string, string>; status?: number }>;

/** An authority with these answers; `BASE` in them becomes its own address. */
const answering = async (t: ExecutionContext, answers: Answers) => {
  const { pair } = await selfSigned(folder, folder, ["localhost"], now());
  const server = createServer({ cert: pair.pem, key: pair.pem }, ({ url = "" }, response) => {
    const { body, headers = {}, status = 200 } = answers[url] ?? { body: "none", status: 404 };
    response.writeHead(status, headers);
    response.end(JSON.stringify(body).replaceAll("BASE", base));
  }).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const base = `https://localhost:${(server.address() as AddressInfo).port}`;
  return { directory: `${base}/dir`, ca: pair.pem };
};

const directory = { body: { renewalInfo: "BASE/info" } };
const window = { start: "2026-12-01T00:00:00Z", end: "2026-12-03T00:00:00Z" };

test("the renewal window comes from the authority, and holds as long as it says", async (t) => {
  const path = `/info/${renewalName(leaf)}`;
  const authority = await answering(t, {
    "/dir": directory,
    [path]: { body: { suggestedWindow: window }, headers: { "retry-after": "3600" } },
  });
  t.deepEqual(await askAuthority(authority, leaf, now), {
    window: { start: new Date(window.start), end: new Date(window.end) },
    seconds: 3600,
  });
});

test("without renewal information, or with an invalid one, there is no window", async (t) => {
  const path = `/info/${renewalName(leaf)}`;
  const all: Answers[] = [
    { "/dir": { body: {} } },
    { "/dir": directory },
    { "/dir": directory, [path]: { body: "soon" } },
    { "/dir": directory, [path]: { body: { suggestedWindow: { ...window, end: "soon" } } } },
    {
      "/dir": directory,
      [path]: { body: { suggestedWindow: { start: window.end, end: window.start } } },
    },
  ];
  for (const answers of all)
    t.is(await askAuthority(await answering(t, answers), leaf, now), undefined);
});

test("a clock that differs from the authority's by more than an hour is reported, with both times", async (t) => {
  const authority = await answering(t, { "/dir": directory });
  const ahead = () => new Date(Date.now() + 2 * 3_600_000);
  await t.throwsAsync(askAuthority(authority, undefined, ahead), {
    name: "Problem",
    message: /^the manager's clock says .*Z, the authority's .*Z$/,
  });
});

test("an authority that does not answer, answers an error, or is not trusted is named", async (t) => {
  const authority = await answering(t, { "/dir": { body: "busy", status: 503 } });
  await t.throwsAsync(askAuthority(authority, undefined, now), { message: /does not answer$/ });
  await t.throwsAsync(askAuthority({ ...authority, ca: undefined }, undefined, now), {
    message: /^the certificate of the authority localhost:\d+ itself is not trusted$/,
  });
  const absent = { ...authority, directory: "https://localhost:1/dir" };
  await t.throwsAsync(askAuthority(absent, undefined, now), {
    message: "the authority localhost:1 does not answer",
  });
});
