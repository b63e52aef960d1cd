import test from "ava";
import { certificate } from "../../src/checks/certificate.js";
import type { OperatorMachine } from "../../src/checks/check.js";
import type { Config } from "../../src/config/types.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import { letsEncrypt } from "../tls/support/assert-problem.js";
import { contextOf, lines } from "./support/context.js";

const name = "geo.example.org";
const authority = { domain: name, tls: letsEncrypt } as const;
const found = async (
  config: Partial<Config>,
  {
    resolved = name,
    up = true,
    operator = {},
  }: { resolved?: string; up?: boolean; operator?: Partial<OperatorMachine> } = {},
) => {
  const cluster = classOf(0, { config, answers: [["getent ahostsv4", `${resolved}\n`]] });
  const files: Record<string, string> = up ? { [paths.edgeConfiguration]: "{}" } : {};
  const open = { fetch: async () => new Response(null, { status: 404 }), ...operator };
  return lines(await certificate.run(contextOf(cluster, { facts: { files }, operator: open })));
};

test("without an authority there is nothing to check", async (t) => {
  t.deepEqual(await found({ domain: name }), []);
  t.deepEqual(await found({ tls: { kind: "off", trustedProxies: [] } }), []);
});

test("an authority reaches port 80 of a class that is up", async (t) => {
  t.deepEqual(await found(authority), [`ok: port 80 of ${name} answers`]);
});

test("a port 80 that does not answer is a warning", async (t) => {
  const fetch = async () => Promise.reject(new Error("ETIMEDOUT"));
  t.deepEqual(await found(authority, { operator: { fetch } }), [
    `warning: port 80 of ${name} does not answer, and Let's Encrypt must reach it`,
  ]);
});

test("before the class is up there is a note about port 80", async (t) => {
  t.regex(
    (await found(authority, { up: false }))[0] ?? "",
    /^note: Let's Encrypt will connect to port 80/,
  );
});

test("a name that the manager cannot resolve is a warning", async (t) => {
  const [first] = await found(authority, { resolved: "" });
  t.regex(first ?? "", /^warning manager: cannot resolve geo.example.org, so the edge/);
});

test("with DNS-01 neither the port nor the address matters", async (t) => {
  const dns = { kind: "hook", hook: "/no/such/hook" } as const;
  t.deepEqual(await found({ ...authority, tls: { ...letsEncrypt, dns } }, { resolved: "" }), []);
});

test("for Let's Encrypt, the CAA records of the nearest name that has any are checked", async (t) => {
  const asked: string[] = [];
  const issuers = (all: Record<string, string[]>) => async (wanted: string) => {
    asked.push(wanted);
    return all[wanted] ?? [];
  };
  const warned = (all: Record<string, string[]>, config: Partial<Config> = authority) =>
    found(config, { operator: { issuers: issuers(all) } });
  t.regex(
    (await warned({ "example.org": ["digicert.com"] }))[0] ?? "",
    /^warning: the CAA records of example.org do not allow Let's Encrypt to issue/,
  );
  t.deepEqual(asked, [name, "example.org"]);
  t.is((await warned({ "example.org": ["digicert.com", "letsencrypt.org; x=1"] })).length, 1);
  t.is((await warned({ [name]: ["letsencrypt.org"], "example.org": ["x"] })).length, 1);
  const other = { ...letsEncrypt, directory: "https://ca.example.org/dir" };
  t.is((await warned({ [name]: ["x"] }, { ...authority, tls: other })).length, 1);
});

test("for subdomains the records for wildcards count as well", async (t) => {
  const asked: [string, boolean][] = [];
  const dns = { kind: "hook", hook: "/no/such/hook" } as const;
  const config = { domain: name, subdomains: true, tls: { ...letsEncrypt, dns } };
  const issuers = async (wanted: string, isWildcard: boolean) => {
    asked.push([wanted, isWildcard]);
    return isWildcard ? [";"] : ["letsencrypt.org"];
  };
  t.deepEqual(await found(config, { operator: { issuers } }), [
    `warning: the CAA records of ${name} do not allow Let's Encrypt to issue certificates for *.${name}`,
  ]);
  t.deepEqual(asked, [
    [name, false],
    [name, true],
  ]);
});
