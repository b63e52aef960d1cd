import test from "ava";
import { UserError, exitCode } from "../../src/errors.js";
import { selectHomes, ownerName } from "../../src/homes/select.js";
import { slugOf } from "../../src/names.js";

const named = (user: string) => ({ name: slugOf(user), user });
const homes = [named("ada"), named("Ada"), named("grace@example.org"), named("bob")];

test("a home is found by login, by folder, and by a login in other case", (t) => {
  for (const [word, user] of [
    ["ada", "ada"],
    ["Ada", "Ada"],
    ["grace@example.org", "grace@example.org"],
    [slugOf("grace@example.org"), "grace@example.org"],
    ["BOB", "bob"],
  ] as const)
    t.deepEqual(
      selectHomes(homes, [word]).map((home) => home.user),
      [user],
    );
  t.is(selectHomes(homes, ["bob", "BOB", "bob"]).length, 1);
});

test("all unknown names are reported at once, with the nearest name", (t) => {
  const error = t.throws(() => selectHomes(homes, ["bobb", "ada", "zoe\u001b[2J"]), {
    instanceOf: UserError,
  });
  t.is(
    error?.message,
    '"bobb" has no home; did you mean bob?\n"zoe" has no home\nhomes: Ada, ada, bob, grace@example.org',
  );
  t.is(error?.code, exitCode.usage);
});

test("a hostile name cannot control the terminal", (t) => {
  t.is(ownerName({ name: "x", user: "a\u001b]0;pwned\u0007\nb\u202e" }), "a b");
  t.is(ownerName({ name: "x", user: "\u0007" }), "x");
  t.is(ownerName({ name: "x", user: undefined }), "x");
  t.true(ownerName({ name: "x", user: "w".repeat(4000) }).length <= 40);
});
