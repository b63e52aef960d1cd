import test from "ava";
import { exitCode } from "../../src/errors.js";
import { allLogins, loginFor } from "../../src/operator/registry-logins.js";
import { fakeConfig, userError } from "../support/fakes.js";

const access = {
  env: { TOKEN: "s3cret", EMPTY: "" },
  readFile: async (path: string) => {
    if (path === "/class/token") return "from a file\n";
    throw Object.assign(new Error("no"), { code: "ENOENT" });
  },
};
const config = fakeConfig({
  registries: {
    "ghcr.io": { user: "ada", password: { kind: "env", name: "TOKEN" } },
    "docker.io": { user: "bob", password: { kind: "file", path: "/class/token" } },
    "localhost:5000": { user: "eve", password: { kind: "env", name: "TOKEN" } },
  },
});

for (const [image, username, serveraddress] of [
  ["ghcr.io/geo/notebook:1", "ada", "ghcr.io"],
  ["jupyter/base-notebook", "bob", "https://index.docker.io/v1/"],
  ["debian", "bob", "https://index.docker.io/v1/"],
  ["index.docker.io/library/debian", "bob", "https://index.docker.io/v1/"],
  ["localhost:5000/x@sha256:0", "eve", "localhost:5000"],
] as const)
  test(`the login for ${image} is that of its registry`, async (t) => {
    const login = await loginFor(config, image, access);
    t.like(login, { username, serveraddress });
    t.is(login?.password, username === "bob" ? "from a file" : "s3cret");
  });

for (const image of ["quay.io/ada/x", "ghcr.io.example.org/x", "ghcr.io:444/x", "constructor/x"])
  test(`${image} is of another registry, which gets no login`, async (t) => {
    const { "docker.io": _, ...registries } = config.registries;
    t.is(await loginFor({ registries }, image, access), undefined);
  });

test("each missing password is named before anything is changed, and its value never is", async (t) => {
  const source = (name: string) => ({ user: "ada", password: { kind: "env" as const, name } });
  const registries = {
    "a.io": source("MISSING"),
    "b.io": source("EMPTY"),
    "c.io": { user: "ada", password: { kind: "file" as const, path: "/none" } },
    "d.io": source("LINES"),
  };
  const env = { ...access.env, LINES: "s3cret\ns3cret" };
  const { message, code, hint } = await userError(allLogins({ registries }, { ...access, env }));
  t.deepEqual(message.split("\n"), [
    "registries.a.io.password comes from the environment variable MISSING, which is not set",
    "registries.b.io.password is empty",
    "registries.c.io.password comes from the file /none, which does not exist",
    "registries.d.io.password has several lines",
  ]);
  t.is(code, exitCode.usage);
  t.notRegex(`${message}${hint}`, /s3cret/);
});
