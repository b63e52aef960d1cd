import type { UsersNetwork } from "../../config/schema/network.js";
import { labels } from "../../names.js";
import { perlSockets } from "../../text/perl-sockets.js";
import { quote, quoteAll } from "../../text/shell.js";

/** The chain that lets hub and edge pass, whose addresses the script keeps current, and the one for everybody else. */
export const own = "SWARMHUB-OWN";
/** The chain for users' servers. */
export const users = "SWARMHUB-USERS";

// RFC 1918, and the carriers' range of RFC 6598, which providers use for private networks. Link-local addresses are closed to all.
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
const reject = "-j REJECT --reject-with icmp-port-unreachable";
const protocols = ["tcp", "udp"] as const;

/** What users' servers reach, and the addresses at which browsers reach the class. */
export type UsersAccess = UsersNetwork & { pages: readonly string[] };

/**
 * The rules for packets of users' servers, in the format of `iptables -S`. They are refused rather than dropped, so that a program
 * says so at once. Only answers pass to a connection that was opened from outside: one of a user's own must not outlive the rule.
 */
export const userRules = ({ access, except, pages }: UsersAccess): string[] => {
  if (access === "open") return [];
  return [
    `-A ${users} -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN`,
    ...except.flatMap(({ network, port }) => exceptionRules(network, port)),
    ...(access === "none" ? [`-A ${users} ${reject}`] : privateRules(pages)),
  ];
};

const exceptionRules = (network: string, port: number | undefined): string[] => {
  const to = network === "0.0.0.0/0" ? `-A ${users}` : `-A ${users} -d ${network}`;
  return port === undefined
    ? [`${to} -j RETURN`]
    : protocols.map((each) => `${to} -p ${each} -m ${each} --dport ${port} -j RETURN`);
};

/** Name servers are often at private addresses, and so are the class's own pages. */
const privateRules = (pages: readonly string[]): string[] => [
  ...protocols.map((each) => `-A ${users} -p ${each} -m ${each} --dport 53 -j RETURN`),
  // By the address that was asked for: on the manager, Docker has replaced it by that of the edge's container.
  ...pages.flatMap((address) =>
    [80, 443].map(
      (port) =>
        `-A ${users} -p tcp -m conntrack --ctorigdst ${address} --ctorigdstport ${port} -j RETURN`,
    ),
  ),
  ...privateNetworks.map((network) => `-A ${users} -d ${network} ${reject}`),
];

/** Whether a line of `iptables -S` is of an address that the script adds and removes by itself. */
export const isOwnAddress = (line: string): boolean => line.startsWith(`-A ${own} -s `);

/**
 * The shell function `own`, which lets the containers of these services pass: on a manager that takes users they leave by the same
 * bridge, with an address that Docker chooses at each start. What is not in the list yet counts as a user's.
 */
export const ownFunction = (services: readonly string[]): string => `own() {
found=$(perl -e ${quote(addressesProgram)} ${quoteAll(services)}) || return 0
[ "$found" != "$known" ] || return 0
{
echo '*filter'
echo ':${own} - [0:0]'
for address in $found; do echo "-A ${own} -s $address/32 -j RETURN"; done
echo '-A ${own} -j ${users}'
echo COMMIT
} | iptables-restore --wait --noflush && known=$found
}
`;

// With perl-base alone. The kernel lists a container's addresses below its process.
const addressesProgram = `
${perlSockets}
sub get {
  my $engine = dial("/run/docker.sock") or exit 1;
  syswrite $engine, "GET $_[0] HTTP/1.0\\r\\n\\r\\n";
  my ($watched, $answer) = ("", "");
  vec($watched, fileno $engine, 1) = 1;
  1 while select(my $ready = $watched, undef, undef, 10) > 0 and sysread $engine, $answer, 65536, length $answer;
  $answer =~ m|^HTTP/1.. 200 | or exit 1;
  $answer;
}
my %found;
for (@ARGV) {
  for my $id (get("/containers/json?filters=%7B%22label%22%3A%5B%22${labels.service}%3D$_%22%5D%7D") =~ /"Id":"([0-9a-f]{64})"/g) {
    my ($pid) = get("/containers/$id/json") =~ /"Pid":([1-9][0-9]*)/ or next;
    open my $file, "<", "/proc/$pid/net/fib_trie" or next;
    my $addresses = do { local $/; <$file> };
    $found{$1} = 1 while $addresses =~ m{\\|-- ([\\d.]+)\\n\\s+/32 host LOCAL}g;
  }
}
print map { "$_\\n" } grep { !/^127\\./ } sort keys %found;
`;
