import test from "ava";
import { login } from "../../../src/checks/login.js";
import type { CampusMethod } from "../../../src/config/campus.js";
import { classOf } from "../../support/class-of.js";
import { fakeConfig } from "../../support/fakes.js";
import { contextOf, lines } from "../support/context.js";

const cas: CampusMethod = { kind: "cas", service: "Uni X", url: "https://login.example.edu/cas" };
const ldap: CampusMethod = {
  kind: "ldap",
  service: "Uni X",
  url: "ldap://ldap.example.edu",
  base: "dc=x",
  attribute: "uid",
  groups: {},
};
const lti: CampusMethod = {
  kind: "lti",
  service: "Moodle",
  issuer: "https://moodle.example.edu",
  client: "c1",
  deployments: ["4"],
  authorize: "https://moodle.example.edu/auth",
  keys: "https://moodle.example.edu/keys",
};

/** What the script of a request prints. */
const answer = (body: string, status = 200): string =>
  `HTTP/1.1 ${status} X\r\n\r\n${body}\nswarmhub-end-of-body 1 \n`;

const found = async (
  method: CampusMethod,
  answers: [string, string][],
  allow?: "everyone",
): Promise<string[]> => {
  const rules = allow === undefined ? {} : { allow };
  const config = { login: { ...fakeConfig().login, method, ...rules } };
  return lines(await login.run(contextOf(classOf(0, { config, answers }))));
};

test("a CAS server that answers is fine, and one that does not know the class is not", async (t) => {
  const ask = (status: number) =>
    found(cas, [["cas/login?service=", answer("<html>", status)]], "everyone");
  t.deepEqual(await ask(200), ["ok: Uni X answers"]);
  t.deepEqual(await ask(403), ["warning: Uni X refuses the class (status 403)"]);
  t.deepEqual(await ask(404), [
    "warning: Uni X answers https://login.example.edu/cas/login with status 404",
  ]);
});

test("a directory whose certificate is valid is fine, and the search is tested later", async (t) => {
  const later = "note: the hub will search in the directory; `check` tests it once the class is up";
  const ask = (output: string) => found(ldap, [["s_client", output]], "everyone");
  t.deepEqual(await ask("CONNECTION ESTABLISHED\nstatus 0\n"), ["ok: Uni X answers", later]);
  const [unsafe = ""] = await ask("verify error:num=18:self-signed certificate\nstatus 1\n");
  t.true(unsafe.endsWith("the certificate of Uni X is not valid here: self-signed certificate"));
  const [silent = ""] = await ask("connect:errno=111\nstatus 1\n");
  t.true(silent.endsWith("Uni X does not answer: connect:errno=111"));
  const [none = ""] = await ask("none\n");
  t.true(none.endsWith("Uni X was not asked, as the manager lacks a program"));
});

test("a learning platform whose keys are found is fine", async (t) => {
  const ask = (body: string) => found(lti, [["example.edu/keys", answer(body)]], "everyone");
  t.deepEqual(await ask('{"keys": [{}]}'), ["ok: Moodle answers, and its keys are found"]);
  for (const body of ["<html>", "{}", '{"keys": []}'])
    t.deepEqual(await ask(body), [
      "warning: Moodle has no keys at https://moodle.example.edu/keys (status 200)",
    ]);
});

test("a university or a platform without a rule is a warning", async (t) => {
  const all = [
    ...(await found(cas, [["cas/login", answer("")]])),
    ...(await found(lti, [["/keys", answer('{"keys": [{}]}')]])),
  ].filter((line) => line.includes("may log in"));
  t.deepEqual(all, [
    "warning: everybody with an account at Uni X may log in",
    "warning: everybody in a course with the tool at Moodle may log in",
  ]);
});
