import test from "ava";
import { resolveServerEnvironment } from "../../src/operator/server-environment.js";
import { fakeConfig, userError } from "../support/fakes.js";

const config = (secrets: Record<string, unknown>) => {
  const made = fakeConfig();
  return { ...made, servers: { ...made.servers, secrets: secrets as never } };
};
const access = {
  env: { KEY: "word" },
  readFile: async (path: string) => {
    if (path === "/none") throw Object.assign(new Error("no"), { code: "ENOENT" });
    return '{"a":\n1}\n';
  },
};

test("secret variables come from the environment and from files, which may have several lines", async (t) => {
  t.is(await resolveServerEnvironment(config({}), access), undefined);
  const sources = { A: { kind: "env", name: "KEY" }, B: { kind: "file", path: "/b.json" } };
  const text = await resolveServerEnvironment(config(sources), access);
  t.deepEqual(JSON.parse(text!), { A: "word", B: '{"a":\n1}' });
});

test("a secret variable without a value is refused by the name of its key", async (t) => {
  for (const source of [
    { kind: "env", name: "NONE" },
    { kind: "file", path: "/none" },
  ])
    t.regex(
      (await userError(resolveServerEnvironment(config({ A: source }), access))).message,
      /^servers\.environment\.A comes from the .*(not set|does not exist)$/,
    );
});
