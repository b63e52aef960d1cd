import test from "ava";
import { safariSentence } from "../../../src/cluster/public-address.js";
import { nextSteps } from "../../../src/commands/up/next-steps.js";
import type { LoginMethod } from "../../../src/config/types.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost } from "../../support/fakes.js";

const methods: LoginMethod[] = [
  { kind: "shared-password", password: { kind: "env", name: "ROOM" } },
  { kind: "passwords" },
  { kind: "github", service: "GitHub" } as LoginMethod,
  { kind: "cas", service: "Uni X", url: "https://login.example.edu/cas" },
];

const stepsOf = (method: LoginMethod, tls: object): Promise<string[]> => {
  const config = fakeConfig({ login: { ...fakeConfig().login, method }, tls: tls as never });
  return nextSteps(fakeCluster(fakeHost("manager", { facts: fakeFacts() }), [], { config }));
};

for (const method of methods)
  test(`with ${method.kind}, \`up\` names an address, and says that iPads need a real certificate`, async (t) => {
    const steps = await stepsOf(method, { kind: "self-signed" });
    t.regex(steps.join("\n"), /https:\/\//);
    t.is(steps.at(-1), safariSentence(fakeConfig()));
    t.notRegex((await stepsOf(method, { kind: "letsencrypt" })).join("\n"), /iPad/);
  });
