import test from "ava";
import type { Check } from "../../src/checks/check.js";
import {
  type Found,
  loginProblems,
  preflight,
  preflightError,
  runChecks,
} from "../../src/checks/index.js";
import type { CampusMethod } from "../../src/config/campus.js";
import type { Config } from "../../src/config/types.js";
import { planCheck } from "../../src/checks/plan.js";
import { tableOf } from "../../src/commands/check/table.js";
import { UnreachableError, UserError, exitCode } from "../../src/errors.js";
import type { Piece } from "../../src/reconcile/piece.js";
import { paint } from "../../src/report/paint.js";
import { classOf } from "../support/class-of.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost } from "../support/fakes.js";
import { contextOf, fakeOperator, lines } from "./support/context.js";

const host = (name: string, address: string) =>
  fakeHost(name, {
    answers: [["ss -Hltnp", ""]],
    facts: fakeFacts({ addresses: [{ device: "eth0", address, prefix: 24, mtu: 1500 }] }),
  });
const cluster = fakeCluster(host("manager", "10.0.0.1"), [host("worker", "10.0.0.2")]);
const throwing = (error: unknown): Check => ({
  name: "broken",
  run: async () => {
    throw error;
  },
});
const fine: Check = { name: "fine", run: async () => [{ level: "ok", text: "all is well" }] };

test("findings keep the order of the checks, each with its check's name", async (t) => {
  const found = await runChecks(
    [throwing(new UserError("no", { host: "worker", hint: "do" })), fine],
    cluster,
    fakeOperator(),
  );
  t.deepEqual(found, [
    { check: "broken", host: "worker", level: "error", text: "no", hint: "do" },
    { check: "fine", level: "ok", text: "all is well" },
  ]);
});

test("a lost machine and a bug in swarmhub end the run", async (t) => {
  for (const error of [new UnreachableError("worker", "gone"), new TypeError("oh")])
    await t.throwsAsync(runChecks([throwing(error), fine], cluster, fakeOperator()), { is: error });
});

const found: Found[] = [
  { check: "clock", level: "ok", text: "agree" },
  { check: "ports", host: "manager", level: "error", text: "port 443 is in use", hint: "stop it" },
  { check: "disk", host: "worker", level: "warning", text: "little room" },
  { check: "image", level: "note", text: "not asked" },
];

test("the table lists each machine with its roles, then the class", (t) => {
  t.deepEqual(
    tableOf(found, cluster).map((line) => paint(line, 200, false)),
    [
      "manager  manager, storage",
      "  ✗ ports  port 443 is in use",
      "           → stop it",
      "worker  worker",
      "  ! disk   little room",
      "the class",
      "  ✓ clock  agree",
      "  · image  not asked",
    ],
  );
});

test("errors end in exit code 3, listed if no table was shown", (t) => {
  const error = preflightError(found, { listed: true });
  t.is(error?.code, exitCode.preflight);
  t.is(error?.message, "preflight failed:\n  manager: port 443 is in use\n    → stop it");
  t.is(preflightError(found, { listed: false })?.message, "preflight failed: 1 error");
  t.is(preflightError(found.slice(2), { listed: true }), undefined);
});

test("`up` tests the connections too, before its first step", async (t) => {
  const hosts = ["manager", "worker"].map((name, index) => host(name, `10.0.0.${index + 1}`));
  // What the other checks ask is not answered here, which ends the run.
  await t.throwsAsync(preflight(fakeCluster(hosts[0]!, [hosts[1]!]), fakeOperator()));
  for (const { asked } of hosts) t.true(asked.includes("run perl -"));
});

test("`up` ends with what is wrong with the login, also with CAS, LDAP and LTI", async (t) => {
  const silent: [string, string][] = [
    ["ss -Hltnp", ""],
    ["s_client", "connect:errno=111\nstatus 1\n"],
    ["curl", "\nswarmhub-end-of-body 1 curl: (7) refused\n"],
  ];
  const facts = fakeFacts({
    addresses: [{ device: "eth0", address: "10.0.0.1", prefix: 24, mtu: 1500 }],
  });
  const problemsWith = async (method: Config["login"]["method"]): Promise<string[]> => {
    const manager = fakeHost("manager", { answers: silent, facts });
    const config = { login: { ...fakeConfig().login, method, allow: "everyone" as const } };
    return loginProblems(fakeCluster(manager, [], { config }), fakeOperator());
  };
  const campus = { service: "Uni X" };
  const url = "https://login.example.edu";
  for (const method of [
    { ...campus, kind: "cas", url },
    { ...campus, kind: "ldap", url: "ldap://x.edu", base: "dc=x", attribute: "uid", groups: {} },
    {
      ...campus,
      kind: "lti",
      issuer: url,
      client: "c",
      deployments: [],
      authorize: url,
      keys: url,
    },
  ] as const)
    t.regex((await problemsWith({ ...method } as CampusMethod))[0] ?? "", /^Uni X does not answer/);
  t.deepEqual(await problemsWith({ kind: "passwords" }), []);
});

const piece = (name: string, plan: Piece["plan"]): Piece => ({
  name,
  inspect: async () => undefined,
  plan,
  remove: () => [],
});

test("every part's refusal is found, not only the first; steps that destroy data are announced", async (t) => {
  const refusing = (message: string, on?: string) =>
    piece(message, () => {
      throw new UserError(message, { host: on, code: exitCode.preflight });
    });
  const destroying = piece("storage", (_want, _have, { manager }) => [
    { host: manager, title: "format /dev/vdb", destroys: "it", run: async () => {} },
    { host: manager, title: "mount it", run: async () => {} },
  ]);
  const check = planCheck([
    refusing("it runs Fedora", "worker1"),
    destroying,
    refusing("no range is free"),
  ]);
  t.deepEqual(lines(await check.run(contextOf(classOf(1)))), [
    "error worker1: it runs Fedora",
    "ok manager: `up` will ask for confirmation, then format /dev/vdb",
    "error: no range is free",
  ]);
});
