import test from "ava";
import { limitsAfter, requestFrom } from "../../../src/commands/quota/arguments.js";
import { UserError, exitCode } from "../../../src/errors.js";

const gigabyte = 2 ** 30;

test("users come first and the limit last", (t) => {
  t.deepEqual(requestFrom(["ada", "bob", "10G"], { all: false }), {
    users: ["ada", "bob"],
    bytes: 10 * gigabyte,
  });
  t.deepEqual(requestFrom(["5G", "10G"], { all: false }), {
    users: ["5G"],
    bytes: 10 * gigabyte,
  });
  t.deepEqual(requestFrom(["ada", "default"], { all: false }), {
    users: ["ada"],
    bytes: "default",
  });
  t.deepEqual(requestFrom(["5G"], { all: true, files: "500k" }), {
    users: undefined,
    bytes: 5 * gigabyte,
    files: 500_000,
  });
  t.deepEqual(requestFrom(["ada"], { all: false, files: "default" }), {
    users: ["ada"],
    files: "default",
  });
  t.deepEqual(requestFrom([], { all: true, files: "1k" }), { users: undefined, files: 1000 });
});

for (const [words, options, message] of [
  [[], { all: false }, /a limit is missing/],
  [["10G"], { all: false }, /a user is missing/],
  [["ada"], { all: false }, /"ada" is not a limit/],
  [["ada", "10GB"], { all: false }, /did you mean "10G"\?$/],
  [["ada", "10 gb"], { all: false, files: "1k" }, /did you mean "10G"\?$/],
  [["ada", "5G"], { all: true }, /--all is for every home/],
  [["ada", "100K"], { all: false }, /the minimum is 1M/],
  [["ada", "0"], { all: false }, /"0" is not a limit/],
  [["ada"], { all: false, files: "many" }, /--files many/],
] as const)
  test(`refused: ${words.join(" ")} ${JSON.stringify(options)}`, (t) => {
    const error = t.throws(() => requestFrom(words, options), { instanceOf: UserError });
    t.regex(error?.message ?? "", message);
    t.is(error?.code, exitCode.usage);
    t.regex(error?.hint ?? "", /swarmhub quota set/);
  });

test("an amount that is not requested keeps its value", (t) => {
  const own = { bytes: 1, files: 2 };
  const users = ["ada"];
  t.deepEqual(limitsAfter(own, { users, bytes: 9 }), { bytes: 9, files: 2 });
  t.deepEqual(limitsAfter(own, { users, files: 9 }), { bytes: 1, files: 9 });
  t.is(limitsAfter(own, { users, bytes: "default" }), undefined);
  t.deepEqual(limitsAfter(own, { users, bytes: "default", files: 9 }), { files: 9 });
  t.deepEqual(limitsAfter(own, { users, files: "default" }), { bytes: 1 });
  t.is(limitsAfter({ files: 2 }, { users, files: "default" }), undefined);
  t.deepEqual(limitsAfter({ problem: "it is not JSON" }, { users, bytes: 9 }), { bytes: 9 });
});
