import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import type { UsersNetwork } from "../../src/config/schema/network.js";
import { firewall } from "../../src/pieces/firewall.js";
import { firewallScript, loadedRules } from "../../src/pieces/firewall/rules.js";
import { classOf, machinesOf } from "../support/class-of.js";
import { fakeConfig } from "../support/fakes.js";
import { firewallWanted } from "../support/firewall-wanted.js";
import { shellProblems } from "./support/shell.js";

const exceptions = [{ network: "10.9.0.3/32", port: 5432 }, { network: "10.8.0.0/16" }];
const wanted = (access: UsersNetwork["access"], except: UsersNetwork["except"] = []) =>
  firewallWanted(["10.77.0.11"], {
    users: { access, except, pages: ["10.77.0.11"] },
    services: ["geo-101-hub"],
  });

test("the plan names what users' servers reach", (t) => {
  const cluster = classOf(0);
  const detailOf = (network: UsersNetwork): string | undefined =>
    firewall.plan(
      fakeConfig({ servers: { ...cluster.config.servers, network } }),
      machinesOf(cluster),
      cluster,
    )[0]?.detail;
  t.regex(
    detailOf({ access: "no-private", except: [] }) ?? "",
    /; users' servers reach no private network$/,
  );
  t.regex(
    detailOf({ access: "none", except: exceptions }) ?? "",
    /; users' servers reach no network but 2 exceptions$/,
  );
});

test("the script passes shellcheck with the addresses of hub and edge, and its program `perl -c`", (t) => {
  const script = firewallScript(wanted("no-private", exceptions));
  t.is(shellProblems(script), "");
  const [, program = ""] = /perl -e '([^]*?)' geo-101-hub/.exec(script) ?? [];
  const { status, stderr } = spawnSync("perl", ["-c", "-e", program], { encoding: "utf8" });
  t.is(status, 0, stderr);
});

const real =
  process.getuid?.() === 0 && spawnSync("unshare", ["-n", "iptables", "-S"]).status === 0;

(real ? test : test.skip)(
  "iptables lists the rules of users in our format, and the addresses of hub and edge beside them",
  (t) => {
    for (const each of [
      wanted("open"),
      wanted("no-private", exceptions),
      wanted("none", [{ network: "0.0.0.0/0", port: 53 }]),
    ]) {
      const input = `(\n${firewallScript(each)})\niptables -S`;
      const listed = execFileSync("unshare", ["-n", "sh", "-s"], { input, encoding: "utf8" });
      t.deepEqual(
        listed
          .split("\n")
          .filter((line) => line.includes("SWARMHUB"))
          .toSorted(),
        loadedRules(each).toSorted(),
      );
    }
  },
);

// A machine with two containers behind a bridge of Docker's name, a hub's (172.18.0.3) and a user's, and a neighbour that has
// private, public and providers' addresses. An Engine is imitated that knows the hub's container.
const input = (script: string) => `set -e
mkdir "$0"; mount -t tmpfs none /run
for each in hub user; do ip link add vh$each type veth peer name $each; done
ip link add docker_gwbridge type bridge; ip link add outer type veth peer name neighbours
unshare -n sleep 60 & hub=$!; unshare -n sleep 60 & user=$!; unshare -n sleep 60 & others=$!; sleep 0.2
ip link set hub netns $hub; ip link set user netns $user; ip link set neighbours netns $others
ip link set vhhub master docker_gwbridge up; ip link set vhuser master docker_gwbridge up
ip addr add 172.18.0.1/16 dev docker_gwbridge; ip link set docker_gwbridge up
ip addr add 10.77.0.11/24 dev outer; ip link set outer mtu 1400; ip link set outer up; ip link set lo up; echo 1 >/proc/sys/net/ipv4/ip_forward
ip route add default via 10.77.0.2
inside() { nsenter -t $1 -n sh -c "ip addr add $3 dev $2; ip link set $2 up; ip link set lo up; ip route add default via $4"; }
inside $hub hub 172.18.0.3/16 172.18.0.1; inside $user user 172.18.0.4/16 172.18.0.1
inside $others neighbours 10.77.0.2/24 10.77.0.11
for address in 10.9.0.3 10.8.0.1 192.0.2.9 169.254.169.254 168.63.129.16 100.100.100.200; do nsenter -t $others -n ip addr add $address/32 dev lo; done
perl -MIO::Socket::UNIX -e 'my $l = IO::Socket::UNIX->new(Local => "/run/docker.sock", Listen => 9) or die; while (my $c = $l->accept) { my $q = <$c>; while (<$c> =~ /\\S/) {}
print $c "HTTP/1.0 200 OK\\r\\n\\r\\n", $q =~ m{/json\\?filters=.*geo-101-hub} ? "[{\\"Id\\":\\"" . "a" x 64 . "\\"}]" : $q =~ m{containers/a+/json} ? "{\\"State\\":{\\"Pid\\":$ARGV[0]}}" : "[]"; close $c }' $hub &
cat >"$0/firewall" <<'end'
${script}
end
listen='for my $port (@ARGV) { next if fork; my $l = IO::Socket::INET->new(Listen => 9, LocalPort => $port, ReuseAddr => 1) or die; alarm 20; while ($l->accept) {} } wait'
nsenter -t $others -n perl -MIO::Socket::INET -e "$listen" 22 53 80 5432 &
perl -MIO::Socket::INET -e "$listen" 22 443 & nsenter -t $user -n perl -MIO::Socket::INET -e "$listen" 8888 &
sleep 0.3; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER
connect='my @all = map { my $to = $_; open(my $one, "-|") or do { print " $to" if IO::Socket::INET->new(PeerAddr => $to, Timeout => 0.3); exit }; $one } @ARGV; print <$_> for @all'
sh "$0/firewall"
for each in user hub; do echo "$each:$(nsenter -t $(eval echo \\$$each) -n perl -MIO::Socket::INET -e "$connect" 10.9.0.3:22 10.9.0.3:53 10.9.0.3:5432 10.8.0.1:22 192.0.2.9:80 169.254.169.254:80 169.254.169.254:53 168.63.129.16:80 168.63.129.16:53 100.100.100.200:80 10.77.0.11:22)"; done
echo "to the user:$(nsenter -t $others -n perl -MIO::Socket::INET -e "$connect" 172.18.0.4:8888)"
nsenter -t $user -n perl -MIO::Socket::INET -MSocket=:all -e 'my $s = IO::Socket::INET->new(PeerAddr => "10.8.0.1:22", Timeout => 1) or exit; print "segments: ", unpack("i", getsockopt $s, IPPROTO_TCP, TCP_MAXSEG), "\\n"'
iptables -S SWARMHUB-OWN
kill $hub $user $others`;

const outcomeOf = (t: { teardown: (end: () => void) => void }, script: string): string => {
  const folder = join(mkdtempSync(join(tmpdir(), "swarmhub-firewall-")), "folder");
  t.teardown(() => rmSync(dirname(folder), { recursive: true }));
  const flags = ["-n", "-m", "--kill-child", "--fork", "--pid", "--mount-proc"];
  const { stdout, stderr } = spawnSync("unshare", [...flags, "bash", "-c", input(script), folder], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return stdout || stderr;
};

const ownChain = `-N SWARMHUB-OWN
-A SWARMHUB-OWN -s 172.18.0.3/32 -j RETURN
-A SWARMHUB-OWN -j SWARMHUB-USERS
`;
const hubReaches =
  "hub: 10.9.0.3:22 10.9.0.3:53 10.9.0.3:5432 10.8.0.1:22 192.0.2.9:80 169.254.169.254:53 168.63.129.16:53 10.77.0.11:22";

(real ? test : test.skip)(
  "users' servers reach no private network but name servers and exceptions; the hub reaches all, and segments fit",
  (t) => {
    t.is(
      outcomeOf(t, firewallScript(wanted("no-private", exceptions))),
      `user: 10.9.0.3:53 10.9.0.3:5432 10.8.0.1:22 192.0.2.9:80 169.254.169.254:53 168.63.129.16:53
${hubReaches}
to the user: 172.18.0.4:8888
segments: 1348
${ownChain}`,
    );
  },
);

(real ? test : test.skip)(
  "with `none` users' servers reach only exceptions and no name server; the hub reaches all",
  (t) => {
    t.is(
      outcomeOf(t, firewallScript(wanted("none", exceptions))),
      `user: 10.9.0.3:5432 10.8.0.1:22
${hubReaches}
to the user: 172.18.0.4:8888
segments: 1348
${ownChain}`,
    );
  },
);
