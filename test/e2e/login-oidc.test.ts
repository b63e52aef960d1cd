import test from "ava";
import { runIsolated } from "./support/isolated-program.js";

test("people log in with accounts of an OpenID Connect provider in Chromium, and everything that goes wrong is a sentence", async (t) => {
  t.timeout(900_000);
  const { memory, ...steps } = Object.fromEntries(await runIsolated("login/oidc"));
  t.log(`memory of the hub: ${memory}`);
  t.true(Object.keys(steps).length >= 34);
  t.deepEqual(
    Object.entries(steps).filter(([, result]) => result !== "ok"),
    [],
  );
});
