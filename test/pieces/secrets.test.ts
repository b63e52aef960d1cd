import { createHash } from "node:crypto";
import test from "ava";
import { readSecret, secrets } from "../../src/pieces/secrets.js";
import type { ProviderMethod } from "../../src/config/types.js";
import { classOf, machinesOf, runAll, describeSteps } from "../support/class-of.js";
import { fakeConfig, fakeFacts, fakeHost, userError } from "../support/fakes.js";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const all = {
  "proxy-token": "1",
  "edge-token": "2",
  "shared-password": hashOf("given"),
  "admin-password": "3",
  "teacher-password": "4",
};

const plan = (cluster: ReturnType<typeof classOf>, secretHashes: Record<string, string> = {}) =>
  secrets.plan(cluster.config, machinesOf(cluster, { secretHashes }), cluster);
const given = { secrets: new Map([["shared-password", "given"]]) };

test("secrets that the operator does not give are generated", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1))), [
    "manager: generate the secret proxy-token",
    "manager: generate the secret edge-token",
    "manager: generate the secret shared-password",
    "manager: generate the secret admin-password",
    "manager: generate the secret teacher-password",
  ]);
});

test("the operator's secrets are written once, and again when they change", (t) => {
  const { "shared-password": _password, ...others } = all;
  t.deepEqual(describeSteps(plan(classOf(1, given), others)), [
    "manager: write the secret shared-password",
  ]);
  t.deepEqual(describeSteps(plan(classOf(1, given), all)), []);
  t.deepEqual(
    describeSteps(plan(classOf(1, given), { ...all, "shared-password": hashOf("old") })),
    ["manager: write the secret shared-password"],
  );
});

test("a generated secret is kept, whatever its value", (t) => {
  t.deepEqual(describeSteps(plan(classOf(1), all)), []);
});

test("secrets are written as files into a folder of root's and are never in a step's text", async (t) => {
  const cluster = classOf(0, {
    ...given,
    answers: [["install -d -m 700 /var/lib/swarmhub/secrets", ""]],
  });
  const steps = plan(cluster);
  await runAll(steps);
  const { asked, files } = cluster.manager;
  const read = (name: string) => files.get(`/var/lib/swarmhub/secrets/${name}`) ?? "";
  t.regex(read("proxy-token"), /^[0-9a-f]{64}$/);
  t.regex(read("admin-password"), /^([a-z]{4}-){7}[a-z]{4}$/);
  t.true(read("admin-password").length >= 32, "JupyterHub refuses a shorter one");
  t.is(read("shared-password"), "given");
  const shown = JSON.stringify([asked, steps]);
  for (const secret of files.values()) t.false(shown.includes(secret));
});

test("two classes get different secrets", async (t) => {
  const made = async () => {
    const cluster = classOf(0, { answers: [[/./, ""]] });
    await runAll(plan(cluster));
    return [...cluster.manager.files.values()];
  };
  const [one, other] = [await made(), await made()];
  t.is(new Set([...one, ...other]).size, 10);
});

test("a secret is read from the manager", async (t) => {
  const manager = fakeHost("manager", {
    facts: fakeFacts({ secretHashes: { "shared-password": "1234" } }),
    answers: [["cat /var/lib/swarmhub/secrets/shared-password", "word"]],
  });
  t.is(await readSecret(manager, "shared-password"), "word");
});

test("`down` removes the secrets, and does nothing if there are none", (t) => {
  const cluster = classOf(1);
  const remove = (secretHashes: Record<string, string>) =>
    describeSteps(secrets.remove(machinesOf(cluster, { secretHashes }), cluster));
  t.deepEqual(remove({}), []);
  t.deepEqual(remove({ "proxy-token": "1" }), ["manager: remove the secrets"]);
});

test("a password that does not exist yet names the command that makes it", async (t) => {
  const manager = fakeHost("manager", { facts: fakeFacts({ secretHashes: {} }) });
  const error = await userError(readSecret(manager, "shared-password"));
  t.is(error.message, "manager: the class is not up, so it has no passwords yet");
  t.is(error.hint, "`swarmhub up`");
});

const provider: ProviderMethod = {
  kind: "github",
  issuer: "https://github.com",
  service: "GitHub",
  client: "c",
  secret: { kind: "env", name: "S" },
  username: "login",
  domains: [],
  organizations: [],
  identityProviders: [],
};

test("the secret of a provider is written, and removed with another method of login", async (t) => {
  const withProvider = { login: { ...fakeConfig().login, method: provider } };
  const values = { secrets: new Map([["login-secret", "s"]]) };
  const cluster = classOf(0, { ...values, config: withProvider });
  t.deepEqual(describeSteps(plan(cluster, all)), ["manager: write the secret login-secret"]);
  t.deepEqual(describeSteps(plan(cluster, { ...all, "login-secret": hashOf("s") })), []);
  const former = classOf(0, { answers: [["rm -f /var/lib/swarmhub/secrets/login-secret", ""]] });
  const steps = plan(former, { ...all, "login-secret": hashOf("s") });
  t.deepEqual(describeSteps(steps), ["manager: remove the secret login-secret"]);
  await runAll(steps);
  t.is(former.manager.asked.length, 1);
});

test("secret variables of servers are written when the class has some, and removed when it has none", (t) => {
  const text = '{"API_KEY":"word"}\n';
  const provided = { secrets: new Map([["server-environment", text]]) };
  const steps = plan(classOf(1, provided), all);
  t.deepEqual(describeSteps(steps), ["manager: write the secret server-environment"]);
  const present = { ...all, "server-environment": hashOf(text) };
  t.deepEqual(describeSteps(plan(classOf(1, provided), present)), []);
  t.deepEqual(describeSteps(plan(classOf(1), present)), [
    "manager: remove the secret server-environment",
  ]);
});

test("the token and the root certificate of a repository are written, and removed with their keys", (t) => {
  const withToken = {
    secrets: new Map([...given.secrets, ["content-token", "geheim"], ["content-ca", "root"]]),
  };
  const steps = plan(classOf(1, withToken), all);
  t.deepEqual(describeSteps(steps), [
    "manager: write the secret content-token",
    "manager: write the secret content-ca",
  ]);
  t.notRegex(JSON.stringify(steps), /geheim/);
  const present = { ...all, "content-token": hashOf("geheim"), "content-ca": hashOf("root") };
  t.deepEqual(describeSteps(plan(classOf(1, withToken), present)), []);
  t.deepEqual(describeSteps(plan(classOf(1, given), present)), [
    "manager: remove the secret content-token",
    "manager: remove the secret content-ca",
  ]);
});
