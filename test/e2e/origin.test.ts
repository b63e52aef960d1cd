import test from "ava";
import { runIsolated } from "./support/isolated-program.js";

/** The addresses of the users' servers, whose names only a Swarm would resolve. */
const hosts = ["ada", "bob", "mallory"].map(
  (user, index) => `127.0.0.${index + 2} geo-101-nb-${user}`,
);

/** The attacks of a program and their outcomes. */
const run = (name: string) => runIsolated(`origin/${name}`, hosts);

test("a page of a user's server cannot read pages of the hub or of another user in an admin's browser, and pages work", async (t) => {
  t.timeout(300_000);
  const attacks = await run("program");
  t.true(attacks.length > 30);
  t.deepEqual(
    attacks.filter(([, result]) => result !== "closed"),
    [],
  );
});

test("with subdomains a page of a user's server can neither read nor use the hub or another server, and login, pages and kernels work", async (t) => {
  t.timeout(300_000);
  const attacks = await run("subdomains");
  t.true(attacks.length > 45);
  t.deepEqual(
    attacks.filter(([, result]) => result !== "closed"),
    [],
  );
});
