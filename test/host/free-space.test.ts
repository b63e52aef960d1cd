import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { factsFrom } from "../../src/host/facts/parse.js";
import { factsScript } from "../../src/host/facts/script.js";
import { hasSandbox, inSandbox } from "../pieces/support/sandbox.js";

const facts = readFileSync("test/fixtures/facts-debian-13.txt", "utf8");
const free = (rows: string[]) =>
  factsFrom(facts.replace(/(\u001efree\n)(?:.+\n)*/, `$1${rows.join("\n")}\n`));
const row = (id: string, blocks: number, path: string) =>
  `${id} 4096 1000000 ${blocks} ${blocks} 0 0 ${path}`;

test("free space is that of the disks where the bytes go, not of the root's", (t) => {
  const { freeForHomes, dockerDisks } = free([
    row("a", 9000, "/"),
    row("b", 100, "/var/lib"),
    row("c", 200, "/data/docker"),
    row("b", 100, "/var/lib"),
  ]);
  t.is(freeForHomes, 100 * 4096);
  t.deepEqual(
    dockerDisks.map(({ path, freeBytes }) => [path, freeBytes / 4096]),
    [
      ["/data/docker", 200],
      ["/var/lib", 100],
    ],
  );
});

const canRun =
  hasSandbox && existsSync("/usr/bin/perl") && spawnSync("perl", ["-e", "1"]).status === 0;
(canRun ? test : test.skip)(
  "a folder that does not exist yet is measured where it will be",
  (t) => {
    const { stdout } = inSandbox(factsScript(), {
      programs: { systemctl: "exit 1", lsblk: "exit 1", iptables: "exit 1", ip6tables: "exit 1" },
      before: `mkdir -p /etc/docker /srv/big; mount -t tmpfs -o size=64m tmpfs /srv/big
echo '{"data-root": "/srv/big/docker"}' >/etc/docker/daemon.json
mount -t tmpfs -o size=32m tmpfs /var/lib`,
    });
    const { freeForHomes, dockerDisks } = factsFrom(stdout);
    t.is(freeForHomes, 32 * 2 ** 20);
    t.deepEqual(
      dockerDisks.map(({ path, freeBytes }) => [path, freeBytes / 2 ** 20]),
      [
        ["/srv/big", 64],
        ["/var/lib", 32],
      ],
    );
  },
);
