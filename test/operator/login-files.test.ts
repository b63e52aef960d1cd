import test from "ava";
import { UserError } from "../../src/errors.js";
import type { ProviderMethod } from "../../src/config/types.js";
import { readLoginFiles } from "../../src/operator/login-files.js";
import { fakeConfig } from "../support/fakes.js";
import { readAsset } from "../../src/operator/assets.js";

const method = (changes: Partial<ProviderMethod> = {}): ProviderMethod => ({
  kind: "oidc",
  issuer: "https://id.example.edu",
  service: "Example University",
  client: "hub",
  secret: { kind: "env", name: "S" },
  username: "sub",
  domains: [],
  organizations: [],
  identityProviders: [],
  ...changes,
});

const read = (changes: Partial<ProviderMethod>, secret: string, files: Record<string, string>) =>
  readLoginFiles(fakeConfig({ login: { ...fakeConfig().login, method: method(changes) } }), {
    env: { S: secret },
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error("no file"), { code: "ENOENT" });
      return text;
    },
  });

const certificate = readAsset("test/fixtures/swarm-node.crt");

test("the secret comes from the environment or a file, and of a root certificate only the certificates", async (t) => {
  const ca = `# our root\n${certificate}`;
  const found = await read({ secret: { kind: "file", path: "/s" }, ca: "/ca.pem" }, "", {
    "/s": "hunter22\n",
    "/ca.pem": ca,
  });
  t.deepEqual(
    [...found],
    [
      ["login-secret", "hunter22"],
      ["login-ca", certificate],
    ],
  );
  t.deepEqual([...(await read({}, "hunter22", {}))], [["login-secret", "hunter22"]]);
  t.deepEqual([...(await readLoginFiles(fakeConfig(), { env: {}, readFile: async () => "" }))], []);
});

for (const [what, changes, secret, files, message] of [
  ["an empty secret", {}, "", {}, "login.oidc.secret in $S is empty"],
  [
    "a secret of two lines",
    {},
    "a\nb",
    {},
    "login.oidc.secret in $S is not one word of printable ASCII characters",
  ],
  [
    "a missing root certificate",
    { ca: "/ca" },
    "s",
    {},
    "login.oidc.ca comes from the file /ca, which does not exist",
  ],
  [
    "a file without certificates",
    { ca: "/ca" },
    "s",
    { "/ca": "x" },
    "login.oidc.ca in /ca has no certificate",
  ],
  [
    "a damaged certificate",
    { ca: "/ca" },
    "s",
    { "/ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" },
    "login.oidc.ca in /ca has a damaged certificate",
  ],
  [
    "a private key",
    { ca: "/ca" },
    "s",
    { "/ca": "-----BEGIN PRIVATE KEY-----" },
    "login.oidc.ca in /ca has a private key, which does not belong there",
  ],
] as const)
  test(`${what} is refused`, async (t) => {
    const error = await t.throwsAsync(read(changes, secret, files), { instanceOf: UserError });
    t.is(error.message, message);
    t.is(error.code, 2);
  });

test("the password of a directory's reader may have spaces and umlauts, but is one line", async (t) => {
  const login = {
    ...fakeConfig().login,
    method: {
      kind: "ldap",
      service: "Uni X",
      url: "ldaps://x",
      base: "dc=x",
      attribute: "uid",
      reader: "cn=r",
      password: { kind: "env", name: "P" },
      groups: {},
    },
  } as const;
  const readPassword = (password: string) =>
    readLoginFiles(fakeConfig({ login }), { env: { P: password }, readFile: async () => "" });
  t.deepEqual([...(await readPassword("Größe 7"))], [["login-password", "Größe 7"]]);
  for (const [password, problem] of [
    ["", "is empty"],
    ["a\nb", "is not one line of up to 1000 characters"],
  ] as const)
    await t.throwsAsync(readPassword(password), {
      message: `login.ldap.password in $P ${problem}`,
    });
});

const withToken = (token: string) => {
  const services = [
    { name: "gateway", token: { kind: "env" as const, name: "GW" }, may: ["start" as const] },
  ];
  const login = { ...fakeConfig().login, services };
  return readLoginFiles(fakeConfig({ login }), { env: { GW: token }, readFile: async () => "" });
};

test("the token of a program is one word that nobody guesses, and no complaint shows it", async (t) => {
  const token = "a1".repeat(16);
  t.deepEqual([...(await withToken(`${token}\n`))], [["login-service-gateway", token]]);
  for (const [given, what] of [
    ["", "is empty"],
    ["hunter22", "is not one word of 32 to 500"],
    [`${token} ${token}`, "is not one word of 32 to 500"],
  ] as const) {
    const error = await t.throwsAsync(withToken(given), { instanceOf: UserError });
    t.true(error.message.startsWith(`login.services (gateway).token in $GW ${what}`));
    t.false(error.message.includes("hunter22"));
  }
});
