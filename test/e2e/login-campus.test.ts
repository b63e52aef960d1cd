import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { root } from "../support/root.js";
import { runIsolated } from "./support/isolated-program.js";

// The configuration of Debian's slapd would start a server at port 389.
const prepare = `. scripts/lib/prepare.sh
command -v debconf-set-selections >/dev/null && echo "slapd slapd/no_configuration boolean true" | debconf-set-selections
install_debian_packages /usr/sbin/slapd=slapd /usr/bin/openssl=openssl
folder=\${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-test/cas-3.1.0
[ -e "$folder/installed" ] || {
  python3 -m venv "$folder" && "$folder/bin/pip" install -q django-cas-server==3.1.0 "django==5.2.*" >&2 && touch "$folder/installed"
}
echo "$folder"`;

test("people log in with CAS, LDAP and from a course in Chromium, and everything that goes wrong is a sentence", async (t) => {
  t.timeout(900_000);
  const { stdout } = await promisify(execFile)("bash", ["-c", prepare], { cwd: root });
  process.env["CAS_VENV"] = stdout.trim().split("\n").at(-1);
  const found = await runIsolated("campus/program", ["127.0.0.1 geo.example.org"]);
  const { memory, ...steps } = Object.fromEntries(found);
  t.log(`memory of the hub: ${memory}`);
  t.true(Object.keys(steps).length >= 73);
  t.deepEqual(
    Object.entries(steps).filter(([, result]) => result !== "ok"),
    [],
  );
});
