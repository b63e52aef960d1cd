import test from "ava";
import type { SecretSource } from "../../src/config/types.js";
import { UserError, exitCode } from "../../src/errors.js";
import { type SecretAccess, resolveSecret } from "../../src/operator/secret.js";

const world = (content: string): SecretAccess => ({
  env: { ROOM: content },
  readFile: () => Promise.resolve(content),
});

const env: SecretSource = { kind: "env", name: "ROOM" };
const file: SecretSource = { kind: "file", path: "/etc/room.txt" };

const refusal = async (source: SecretSource, from: SecretAccess): Promise<UserError> => {
  try {
    await resolveSecret(source, from);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("it was accepted");
};

test("a secret to be generated is not read from anywhere", async (t) => {
  const nothing = { env: {}, readFile: () => Promise.reject(new Error("read")) };
  t.is(await resolveSecret({ kind: "generated" }, nothing), undefined);
});

test("a secret from the environment is unchanged", async (t) => {
  t.is(await resolveSecret(env, world("correct horse")), "correct horse");
});

test("one line break at the end of a file is not part of the secret", async (t) => {
  for (const end of ["", "\n", "\r\n"])
    t.is(await resolveSecret(file, world(`correct horse${end}`)), "correct horse");
});

test("the hint about a variable that is not set has the command that sets it without echo", async (t) => {
  const { message, hint, code } = await refusal({ kind: "env", name: "toString" }, world("x"));
  t.is(
    message,
    "login.shared-password comes from the environment variable toString, which is not set",
  );
  t.regex(hint ?? "", /read -rs toString && export toString/);
  t.is(code, exitCode.usage);
});

test("the error about an unreadable file has its path and the reason", async (t) => {
  const failing = (code: string): SecretAccess => ({
    env: {},
    readFile: () => Promise.reject(Object.assign(new Error("no"), { code })),
  });
  t.regex(
    (await refusal(file, failing("ENOENT"))).message,
    /\/etc\/room\.txt, which does not exist/,
  );
  t.regex((await refusal(file, failing("EACCES"))).message, /which cannot be read \(EACCES\)/);
});

const invalid: [string, RegExp][] = [
  ["", /is empty/],
  ["\n", /is empty/],
  ["short77", /has 7 characters; the minimum is 8/],
  [" leading space", /begins or ends with a space/],
  ["two\nlines of it", /has several lines/],
  ["contraseña-1", /outside ASCII/],
  ["with\u0000zero-byte", /outside ASCII/],
];
for (const [secret, why] of invalid)
  test(`refused: ${JSON.stringify(secret)}`, async (t) => {
    const { message, hint } = await refusal(file, world(secret));
    t.regex(message, why);
    if (secret.trim() !== "") t.false(`${message} ${hint}`.includes(secret));
  });

test("eight characters are enough", async (t) => {
  t.is(await resolveSecret(env, world("eight888")), "eight888");
});
