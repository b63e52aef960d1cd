import test from "ava";
import type { SshConfig } from "../../../src/transport/ssh/config.js";
import { dialError } from "../../../src/transport/ssh/errors.js";

const config = { hostname: "box.example.org", port: 22, user: "ada" } as SshConfig;
const said = (error: object) =>
  dialError(
    "box",
    config,
    { methods: [], tried: ["id"], locked: [] },
    Object.assign(new Error("?"), error),
  );

for (const [error, words] of [
  [{ code: "ENOTFOUND" }, /^box: the name box.example.org cannot be resolved/],
  [{ code: "EAI_AGAIN" }, /cannot be resolved/],
  [{ code: "EHOSTUNREACH" }, /no route to box.example.org/],
  [{ code: "ENETUNREACH" }, /no route/],
  [{ code: "ETIMEDOUT" }, /did not answer in time/],
  [{ code: "ECONNRESET" }, /hung up at once/],
] as const)
  test(`${error.code} becomes a sentence with something to type`, (t) => {
    t.regex(said(error).message, words);
    t.truthy(said(error).hint);
    t.is(said(error).code, 5);
  });
