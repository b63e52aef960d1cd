import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { firewallScript, loadedRules } from "../../src/pieces/firewall/rules.js";
import { quoteAll } from "../../src/text/shell.js";
import { firewallWanted } from "../support/firewall-wanted.js";

const two = firewallWanted(["10.77.0.11", "10.77.0.12"]);
const real =
  process.getuid?.() === 0 && spawnSync("unshare", ["-n", "iptables", "-S"]).status === 0;

// As reloads of other firewalls do it; the last one is in Debian's /etc/nftables.conf.
const flushes = [
  "iptables -F",
  "iptables -F; iptables -X",
  "printf '*filter\\nCOMMIT\\n' | iptables-restore",
  "iptables -D INPUT -j SWARMHUB-INPUT",
  "/usr/sbin/nft flush ruleset",
];
// By its path: npm's folder of programs has another nft.
const hasNft =
  existsSync("/usr/sbin/nft") &&
  spawnSync("unshare", ["-n", "iptables", "--version"], { encoding: "utf8" }).stdout.includes(
    "nf_tables",
  );

(real ? test : test.skip)(
  "rules that another firewall flushes are loaded again within seconds",
  (t) => {
    const tried = flushes.filter((flush) => hasNft || !flush.includes("nft"));
    if (!hasNft)
      t.log("not tried without /usr/sbin/nft and an iptables on nf_tables: nft flush ruleset");
    const script = firewallScript(two).replace("sleep 3", "sleep 0.1");
    const input = `cat >"$0" <<'end'
${script}
end
sh "$0"; sh "$0" watch & watching=$!
for flush in ${quoteAll(tried)}; do
  sh -c "$flush"
  for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; [ "$(iptables -S | grep -c SWARMHUB)" != ${loadedRules(two).length} ] || break; done
  iptables -S | grep SWARMHUB | sort | cksum
done
kill $watching`;
    const file = join(mkdtempSync(join(tmpdir(), "swarmhub-firewall-")), "firewall");
    t.teardown(() => rmSync(dirname(file), { recursive: true }));
    const { stdout } = spawnSync("unshare", ["-n", "sh", "-c", input, file], { encoding: "utf8" });
    const sums = stdout.split("\n").filter((line) => /^\d/.test(line));
    t.is(sums.length, tried.length, stdout);
    t.is(new Set(sums).size, 1, stdout);
    t.regex(stdout, /were missing and are loaded again/);
  },
);
