import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { settingsFrom } from "../../contracts/edge-settings.js";
import type { Config } from "../../src/config/types.js";
import { UserError } from "../../src/errors.js";
import { paths } from "../../src/paths.js";
import { edge } from "../../src/pieces/edge.js";
import { certificatesErasure } from "../../src/pieces/edge/issued-certificates.js";
import { edgeSettings } from "../../src/pieces/edge/settings.js";
import { waitStep } from "../../src/pieces/edge/wait.js";
import { hashOfSecrets, secretMounts } from "../../src/pieces/shared/secret-mounts.js";
import type { ServiceState } from "../../src/pieces/shared/service.js";
import type { GivenFiles, GivenFile } from "../../src/tls/given-files.js";
import { classOf, machinesOf, planError, runAll, describeSteps } from "../support/class-of.js";
import { fakeConfig, fakeHost } from "../support/fakes.js";
import { failed, letsEncrypt, parsedStatus, statusText } from "../tls/support/assert-problem.js";

const address = "10.77.0.11";
const named = { domain: "geo.example.org", otherNames: [] as string[] };
const ownTls = { kind: "own", certificate: "/c.pem", key: "/k.pem" } as const;
const file = (name: GivenFile["name"], hash: string, mode = 0o600): GivenFile => ({
  name,
  content: `it's ${hash}\n`,
  hash: `${hash}-and-more-than-eight`,
  mode,
});
const pair = (hash: string): GivenFiles => ({
  files: [file("own/certificate.pem", hash), file("own/key.pem", hash)],
  serial: "0A",
  warnings: [],
});
const nothing: GivenFiles = { files: [], warnings: [] };

type Have = {
  givenFiles?: GivenFiles | UserError;
  /** The configuration that the present settings.json was written from. */
  settings?: Partial<Config>;
  hashes?: Record<string, string>;
  certificates?: string[];
  status?: string;
  ports?: number[];
};

/** A class with a running edge that was configured for `settings`. */
const stateOf = (cluster: ReturnType<typeof classOf>, have: Have) => {
  const { givenFiles = nothing, settings, hashes = {}, certificates = [], status, ports } = have;
  const before = settings && edgeSettings(fakeConfig(settings), address);
  const files = {
    ...(before !== undefined && { [paths.edgeConfiguration]: before }),
    ...(status !== undefined && { [paths.certificateStatus]: status }),
  };
  const machines = machinesOf(cluster, {
    files,
    givenHashes: hashes,
    certificates,
    state: ["certificates"],
    secretHashes,
  });
  return { machines, image: "swarmhub/edge:1", service: serviceWith(ports), givenFiles, now };
};
const secretHashes = { "edge-token": "1" };
const now = new Date("2026-11-21T12:00:00Z");

const serviceWith = (ports = [80, 443]): ServiceState => ({
  present: {
    Name: "geo-101-edge",
    Labels: { "swarmhub.class": "geo-101" },
    TaskTemplate: {
      ContainerSpec: {
        Image: "sha256:1",
        Labels: {
          "swarmhub.class": "geo-101",
          "swarmhub.files": hashOfSecrets(["edge-token"], secretHashes),
        },
        Mounts: [
          {
            Type: "bind",
            Source: "/etc/swarmhub/edge",
            Target: "/etc/swarmhub/edge",
            ReadOnly: true,
          },
          { Type: "bind", Source: "/var/lib/swarmhub/certificates", Target: "/certificates" },
          ...secretMounts(["edge-token"]),
        ],
        Init: true,
      },
      RestartPolicy: { Condition: "any", Delay: 2e9 },
      Placement: { Constraints: ["node.role==manager"] },
      LogDriver: { Name: "json-file", Options: { "max-file": "3", "max-size": "10m" } },
      Networks: [{ Target: "network-id", Aliases: ["edge"] }],
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, Order: "stop-first" },
    EndpointSpec: {
      Mode: "dnsrr",
      Ports: ports.map((port) => ({
        Protocol: "tcp",
        TargetPort: port,
        PublishedPort: port,
        PublishMode: "host",
      })),
    },
  },
  running: true,
  imageId: "sha256:1",
});

const planned = (config: Partial<Config>, have: Have) => {
  const cluster = classOf(0, { config });
  return edge.plan(cluster.config, stateOf(cluster, have), cluster);
};
const steps = (config: Partial<Config>, have: Have): string[] =>
  describeSteps(planned(config, have)).map((line) => line.replace(/^manager: /, ""));

const write = "write /etc/swarmhub/edge/settings.json";
const update = "update the service edge (EndpointSpec.Ports)";
const waitFor = (what: string): string => `wait until the edge serves ${what}`;
const waitSelf = waitFor("a self-signed certificate");
const oldHashes = { "own/certificate.pem": "old-hash-here", "own/key.pem": "old-hash-here" };

test("with public-address the edge makes its certificate for that address", async (t) => {
  const config = { publicAddress: "203.0.113.7" };
  const cluster = classOf(0, { config, answers: [[/settings\.json/, ""]] });
  const [step] = edge.plan(cluster.config, stateOf(cluster, { settings: {} }), cluster);
  t.is(step?.title, write);
  await step?.run(() => {});
  t.regex(cluster.manager.asked.join(), /"address": "203\.0\.113\.7"/);
});

for (const [situation, config, have, expected] of [
  ["nothing to do without a change", named, { settings: named }, []],
  [
    "another domain by a signal, not by another container",
    named,
    { settings: {} },
    [write, waitSelf],
  ],
  [
    "TLS off: port 443 is released, which needs another container",
    { tls: { kind: "off", trustedProxies: [] } },
    { settings: {} },
    [write, update, waitFor("plain HTTP")],
  ],
  [
    "TLS on again",
    {},
    { settings: { tls: { kind: "off", trustedProxies: [] } }, ports: [80] },
    [write, update, waitSelf],
  ],
  [
    "an own certificate, before the settings that need it",
    { ...named, tls: ownTls },
    { settings: named, givenFiles: pair("12345678") },
    [
      "copy own/certificate.pem and own/key.pem to the edge (SHA-256 12345678…, SHA-256 12345678…)",
      write,
      waitFor("your own certificate"),
    ],
  ],
  [
    "a newer one in the same place",
    { ...named, tls: ownTls },
    { settings: { ...named, tls: ownTls }, givenFiles: pair("12345678"), hashes: oldHashes },
    [
      "copy own/certificate.pem and own/key.pem to the edge (SHA-256 old-hash… → 12345678…, SHA-256 old-hash… → 12345678…)",
      waitFor("your own certificate"),
    ],
  ],
  [
    "an own key that is no longer needed is removed",
    named,
    { settings: { ...named, tls: ownTls }, hashes: oldHashes },
    [write, "remove own/certificate.pem and own/key.pem from the edge", waitSelf],
  ],
  [
    "Let's Encrypt",
    { ...named, tls: letsEncrypt },
    { settings: named },
    [write, waitFor("a certificate from Let's Encrypt")],
  ],
  [
    "no second wait for a failing authority",
    { ...named, tls: letsEncrypt },
    {
      settings: { ...named, tls: letsEncrypt },
      status: statusText({ kind: "self-signed", attempt: failed }),
    },
    [],
  ],
] as [string, Partial<Config>, Have, string[]][])
  test(`edge: ${situation}`, (t) => t.deepEqual(steps(config, have), expected));

test("an error in the operator's files stops `up`, but not `down`", (t) => {
  const error = new UserError("tls.key: /k.pem: the file does not exist");
  const have = { settings: named, givenFiles: error };
  t.is(planError(t, () => planned({ ...named, tls: ownTls }, have)).message, error.message);
  const cluster = classOf(0, { config: named });
  t.is(edge.remove(stateOf(cluster, have), cluster).length, 3);
  t.deepEqual(edge.problems?.(stateOf(cluster, have), cluster), []);
});

test("one script writes a key and its certificate for root alone, and then reloads the edge", async (t) => {
  const cluster = classOf(0, {
    config: { ...named, tls: ownTls },
    answers: [["own/key.pem", ""]],
  });
  const have = stateOf(cluster, { settings: named, givenFiles: pair("12345678") });
  await runAll(edge.plan(cluster.config, have, cluster).slice(0, 1));
  const [script = ""] = cluster.manager.asked;
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-given-"));
  t.teardown(() => rm(folder, { recursive: true }));
  // Logs the arguments of docker, and the files that exist by then.
  await writeFile(
    join(folder, "docker"),
    `#!/bin/sh\necho "$@" $(ls ${folder}/own) >>${folder}/calls\necho c1\n`,
    { mode: 0o755 },
  );
  execFileSync("sh", {
    input: script.replace("script ", "").replaceAll(paths.certificates, folder),
    env: { PATH: `${folder}:${process.env["PATH"]}` },
  });
  for (const name of ["certificate.pem", "key.pem"]) {
    const path = join(folder, "own", name);
    t.is(await readFile(path, "utf8"), "it's 12345678\n");
    t.is((await stat(path)).mode & 0o777, 0o600);
  }
  t.deepEqual((await readFile(join(folder, "calls"), "utf8")).split("\n"), [
    "ps -q --no-trunc --filter label=com.docker.swarm.service.name=geo-101-edge certificate.pem key.pem",
    "kill --signal HUP c1 certificate.pem key.pem",
    "",
  ]);
});

test("`down` keeps the certificates from an authority, and no other key", (t) => {
  const cluster = classOf(0, { config: named });
  const titles = (have: Have): string[] =>
    describeSteps(edge.remove({ ...stateOf(cluster, have), service: gone }, cluster));
  const gone: ServiceState = { present: undefined, running: false, imageId: undefined };
  t.deepEqual(titles({}), ["manager: remove the certificates"]);
  const rest = "manager: remove the certificates, except those from an authority";
  t.deepEqual(titles({ certificates: ["acme", "acme/certbot", "status.json"] }), [rest]);
  t.deepEqual(titles({ certificates: ["acme", "acme/issued"], hashes: { "acme/eab-key": "1" } }), [
    rest,
  ]);
  t.deepEqual(titles({ certificates: ["acme", "acme/issued", "acme/certbot"] }), []);
});

test("`down --delete-certificates` removes those too, and plans nothing", (t) => {
  const cluster = classOf(0);
  const facts = stateOf(cluster, { certificates: ["acme", "acme/issued"] }).machines(
    cluster.manager,
  ).facts;
  t.deepEqual(describeSteps(certificatesErasure.remove(facts, cluster)), [
    "manager: remove the authority's certificates and the account there",
  ]);
  t.deepEqual(certificatesErasure.plan(cluster.config, facts, cluster), []);
});

test("a served certificate that is not the wanted one is a problem, with a hint", (t) => {
  const cluster = classOf(0, { config: { ...named, tls: letsEncrypt } });
  const problems = (status: string) => edge.problems?.(stateOf(cluster, { status }), cluster);
  t.deepEqual(problems(statusText()), []);
  t.deepEqual(problems(statusText({ kind: "self-signed", attempt: failed })), [
    "manager: browsers show a warning: the edge serves a self-signed certificate instead of a certificate from Let's Encrypt: geo.example.org points to 198.51.100.7; correct its A record",
  ]);
});

test("the edge accepts every settings.json that is written for it", (t) => {
  for (const config of [
    {},
    named,
    { ...named, otherNames: ["www.example.org"] },
    { tls: { kind: "off", trustedProxies: ["10.0.0.0/8"] } },
    { ...named, tls: ownTls },
    { ...named, tls: letsEncrypt },
    {
      ...named,
      tls: {
        ...letsEncrypt,
        email: "ada@example.org",
        ca: "/ca.pem",
        eab: { id: "a1", key: { kind: "file", path: "/eab" } },
        dns: { kind: "hook", hook: "/hook", propagation: 60 },
      },
    },
  ] as Partial<Config>[])
    t.notThrows(() => settingsFrom(edgeSettings(fakeConfig(config), address)));
});

test("settings.json says that users' servers have subdomains only where they have", (t) => {
  const parsed = (config: Partial<Config>): object =>
    JSON.parse(edgeSettings(fakeConfig({ ...named, ...config }), address)) as object;
  t.deepEqual(parsed({ subdomains: true }), { ...parsed({}), subdomains: true });
  t.notThrows(() =>
    settingsFrom(edgeSettings(fakeConfig({ ...named, subdomains: true }), address)),
  );
});

test("settings.json has everything that the edge needs, and no path of the operator's machine", (t) => {
  const dns = { kind: "hook", hook: "/home/ada/hook", propagation: 60 } as const;
  const config = fakeConfig({ ...named, tls: { ...letsEncrypt, ca: "/home/ada/ca.pem", dns } });
  t.deepEqual(JSON.parse(edgeSettings(config, address)), {
    domain: "geo.example.org",
    otherNames: [],
    address,
    tls: {
      kind: "acme",
      directory: letsEncrypt.directory,
      email: null,
      ca: true,
      eab: null,
      dns: { hook: true },
      propagation: 60,
    },
    trustedProxies: [],
  });
});

/** Runs the wait against an edge that reports these statuses one after the other. */
const wait = async (
  config: Partial<Config>,
  answers: string[],
  { deadline = 60_000, before = parsedStatus() } = {},
) => {
  let turn = 0;
  const host = fakeHost("manager", {
    answers: [["status.json", () => answers[Math.min(turn++, answers.length - 1)] ?? ""]],
  });
  const shown: string[] = [];
  const step = waitStep(host, fakeConfig(config), { givenFiles: nothing, before }, deadline);
  const start = performance.now();
  await step.run((text) => shown.push(text));
  return { shown, ms: performance.now() - start, polls: turn };
};
const authority = { ...named, tls: letsEncrypt };
const at = "2026-11-21T12:01:00Z";
const selfSigned = { kind: "self-signed", at };

test("the step waits for a first certificate, and shows the progress", async (t) => {
  const running = { ...failed, outcome: "running" };
  const { shown, polls } = await wait(authority, [
    "",
    statusText(selfSigned),
    statusText({ ...selfSigned, attempt: running }),
    statusText(),
  ]);
  t.is(polls, 4);
  t.deepEqual(shown, [
    "the edge is preparing it",
    "the edge is preparing it",
    "requesting it from Let's Encrypt",
  ]);
});

test("after a failed attempt the step waits only if the next one comes in time", async (t) => {
  const soon = { ...selfSigned, attempt: failed, nextAttempt: "2026-11-21T12:01:01Z" };
  const later = { ...selfSigned, attempt: failed, nextAttempt: "2026-11-21T12:11:00Z" };
  const answers = [selfSigned, soon, later].map(statusText);
  const { polls, shown } = await wait(authority, answers);
  t.is(polls, 3);
  t.is(shown[1], "not yet: geo.example.org points to 198.51.100.7");
});

test("an attempt that failed before this run does not end the wait", async (t) => {
  const old = { ...selfSigned, attempt: failed, nextAttempt: "2026-12-01T00:00:00Z" };
  const { polls } = await wait(authority, [statusText(old), statusText(old), statusText()], {
    before: parsedStatus({ kind: "self-signed", attempt: failed }),
  });
  t.is(polls, 3);
});

test("an attempt that failed between the inspection and the change does not end the wait", async (t) => {
  const old = { ...selfSigned, attempt: failed, nextAttempt: "2026-12-01T00:00:00Z" };
  const { polls } = await wait(authority, [statusText(old), statusText(old), statusText()], {
    before: parsedStatus({
      kind: "self-signed",
      attempt: { ...failed, at: "2026-11-20T00:00:00Z" },
    }),
  });
  t.is(polls, 3);
});

test("the wait succeeds at its deadline: the site is up with the certificate that it has", async (t) => {
  const { ms } = await wait(authority, [statusText(selfSigned)], { deadline: 100 });
  t.true(ms < 60_000);
});
