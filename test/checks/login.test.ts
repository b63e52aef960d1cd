import test from "ava";
import { login } from "../../src/checks/login.js";
import type { Config, ProviderMethod } from "../../src/config/types.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { contextOf, lines } from "./support/context.js";

const issuer = "https://id.example.edu/realms/uni";
const oidc: ProviderMethod = {
  kind: "oidc",
  issuer,
  service: "Example University",
  client: "hub",
  secret: { kind: "env", name: "S" },
  username: "sub",
  domains: [],
  organizations: [],
  identityProviders: [],
};
const provider = {
  issuer,
  authorization_endpoint: `${issuer}/auth`,
  token_endpoint: `${issuer}/token`,
  userinfo_endpoint: `${issuer}/userinfo`,
  end_session_endpoint: `${issuer}/logout`,
};

/** What the script prints: the answer, the manager's clock in seconds, and the error of curl. */
const answer = (body: string, { status = 200, clock = 1_000_000_000, error = "" } = {}): string =>
  `HTTP/1.1 ${status} X\r\nDate: ${new Date(1e12).toUTCString()}\r\n\r\n${body}\nswarmhub-end-of-body ${clock} ${error}\n`;
const noAnswer = (error: string): string => `\nswarmhub-end-of-body 1000000000 ${error}\n`;

const found = async (
  answers: [string, string][],
  method: Config["login"]["method"] = oidc,
  changes: Partial<Config["login"]> = { allow: "everyone" },
) => {
  const config = { login: { ...fakeConfig().login, ...changes, method } };
  const cluster = classOf(0, { config, answers });
  return lines(await login.run(contextOf(cluster)));
};
const good = answer(JSON.stringify(provider));
const page: [string, string] = [`${issuer}/`, answer("<html>")];

test("with a password of the class there is nothing to check", async (t) => {
  t.deepEqual(await found([], { kind: "shared-password", password: { kind: "generated" } }), []);
});

test("a provider that answers, knows the class and has the configured issuer is fine", async (t) => {
  t.deepEqual(await found([["openid-configuration", good], page]), [
    "ok: Example University answers, and its addresses are found",
  ]);
  t.deepEqual(
    await found([["https://github.com/login", answer("<html>")]], {
      ...oidc,
      kind: "github",
      issuer: "https://github.com",
      service: "GitHub",
    }),
    ["ok: GitHub answers"],
  );
});

test("an institution's provider without a rule is a warning", async (t) => {
  const all = await found([["openid-configuration", good], page], oidc, {});
  t.is(all[1], "warning: everybody with an account at Example University may log in");
});

test("a callback address that the provider does not know is a warning", async (t) => {
  const refused: [string, string] = ["/auth?", answer("<html>", { status: 400 })];
  t.deepEqual(
    (await found([["openid-configuration", good], refused, page]))[1],
    "warning: Example University refuses the class (status 400)",
  );
});

test("a provider that sends nobody back after a logout is a warning, and one without logouts a note", async (t) => {
  const document: [string, string] = ["openid-configuration", good];
  const refused: [string, string] = ["/logout?", answer("<html>", { status: 400 })];
  t.is(
    (await found([document, refused, page]))[1],
    "warning: Example University shows an error after a logout (status 400)",
  );
  const { end_session_endpoint: _, ...rest } = provider;
  const without: [string, string] = ["openid-configuration", answer(JSON.stringify(rest))];
  t.regex(
    (await found([without, page]))[1] ?? "",
    /^note: a logout ends the login at the class only/,
  );
});

test("a clock that differs from the provider's is a warning", async (t) => {
  const late = answer(JSON.stringify(provider), { clock: 1_000_000_000 - 300 });
  t.is(
    (await found([["openid-configuration", late], page]))[1],
    "warning manager: its clock is 300 s behind that of Example University, so logins will fail",
  );
});

for (const [what, text, expected] of [
  [
    "a provider that does not answer",
    noAnswer("curl: (28) Connection timed out after 5000 ms"),
    `warning manager: Example University does not answer at ${issuer}/.well-known/openid-configuration: curl: (28) Connection timed out after 5000 ms`,
  ],
  [
    "a certificate that is not valid",
    noAnswer("curl: (60) SSL certificate problem: certificate has expired"),
    "warning manager: the certificate of Example University is not valid here: curl: (60) SSL certificate problem: certificate has expired",
  ],
  [
    "a manager without curl",
    "\nswarmhub-end-of-body 127\n",
    "note manager: Example University was not asked, as the manager has no curl",
  ],
  [
    "another status",
    answer("", { status: 404 }),
    `warning: Example University answers ${issuer}/.well-known/openid-configuration with status 404`,
  ],
  [
    "a page instead of the document",
    answer("<html>\u001b[2J"),
    `warning: Example University: the document at ${issuer}/.well-known/openid-configuration is not JSON`,
  ],
  [
    "an address without https",
    answer(JSON.stringify({ ...provider, token_endpoint: "http://x" })),
    `warning: Example University: the document at ${issuer}/.well-known/openid-configuration has no https address for token_endpoint`,
  ],
  [
    "another issuer",
    answer(JSON.stringify({ ...provider, issuer: "https://evil.example\u001b[2J" })),
    `warning: Example University: the document at ${issuer}/.well-known/openid-configuration is of the issuer "https://evil.example\\u001b[2J"`,
  ],
] as const)
  test(`${what} is reported`, async (t) => {
    t.deepEqual(await found([["openid-configuration", text]]), [expected]);
  });
