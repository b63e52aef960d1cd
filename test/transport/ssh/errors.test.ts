import test from "ava";
import type { SshConfig } from "../../../src/transport/ssh/config.js";
import { dialError } from "../../../src/transport/ssh/errors.js";

const config = { hostname: "box.example.org", port: 22, user: "ada" } as SshConfig;
const errorOf = (error: object) =>
  dialError("box", config, { tried: ["id"], locked: [] }, Object.assign(new Error("?"), error));

for (const [error, words] of [
  [{ code: "ENOTFOUND" }, /^box: the name box.example.org cannot be resolved/],
  [{ code: "EAI_AGAIN" }, /cannot be resolved/],
  [{ code: "EHOSTUNREACH" }, /no route to box.example.org/],
  [{ code: "ENETUNREACH" }, /no route/],
  [{ code: "ETIMEDOUT" }, /did not answer in time/],
  [{ code: "ECONNRESET" }, /closed the connection at once/],
] as const)
  test(`${error.code} becomes a sentence with a command to type`, (t) => {
    t.regex(errorOf(error).message, words);
    t.truthy(errorOf(error).hint);
    t.is(errorOf(error).code, 5);
  });

test("a machine that starts is named as such, and no hint needs a program that macOS lacks", (t) => {
  t.regex(errorOf({ level: "client-closed" }).message, /as a machine does while it starts$/);
  t.regex(errorOf({ code: "ECONNREFUSED" }).message, /or the machine still starts$/);
  for (const error of [
    { code: "ENOTFOUND" },
    { code: "EHOSTUNREACH" },
    { code: "ECONNREFUSED" },
    { code: "ETIMEDOUT" },
    { level: "client-closed" },
  ])
    t.regex(errorOf(error).hint ?? "", /ssh (-v )?box`?$/);
});
