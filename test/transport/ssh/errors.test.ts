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
