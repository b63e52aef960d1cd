import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { root } from "../support/root.js";
import { installCas } from "./support/campus/cas-environment.js";
import { runIsolated } from "./support/isolated-program.js";

// The configuration of Debian's slapd would start a server at port 389.
const prepare = `. scripts/lib/prepare.sh
command -v debconf-set-selections >/dev/null && echo "slapd slapd/no_configuration boolean true" | debconf-set-selections
install_debian_packages /usr/sbin/slapd=slapd /usr/bin/openssl=openssl`;

test("people log in with CAS, LDAP and from a course in Chromium, and everything that goes wrong is a sentence", async (t) => {
  t.timeout(900_000);
  await promisify(execFile)("bash", ["-c", prepare], { cwd: root });
  await installCas();
  const found = await runIsolated("campus/program", ["127.0.0.1 geo.example.org"]);
  const { memory, ...steps } = Object.fromEntries(found);
  t.log(`memory of the hub: ${memory}`);
  t.true(Object.keys(steps).length >= 73);
  t.deepEqual(
    Object.entries(steps).filter(([, result]) => result !== "ok"),
    [],
  );
});
