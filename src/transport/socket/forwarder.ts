import type { Duplex } from "node:stream";
import { quote } from "../../text/shell.js";
import type { SocketRoutes } from "./types.js";

/**
 * A second unix socket, which the login may use, before one that only root may: one process by sudo for the whole run,
 * where a relay for each connection is a session, a sudo and a perl of its own. It ends with the stream that it was
 * started by. Answers its path; undefined where there is no such socket, or the login may use it without.
 */
export const startSocketForwarder = async (
  { hold }: Pick<SocketRoutes, "hold">,
  path: string,
  asRoot: string,
): Promise<string | undefined> => {
  const program = `exec ${asRoot}perl -e ${quote(doorProgram)} ${quote(path)}`;
  const unless = asRoot === "" ? "" : `[ -w ${quote(path)} ] || `;
  const held = await hold(`sh -c ${quote(unless + program)}`);
  const door = await firstLine(held);
  if (door === undefined) held.destroy();
  return door;
};

const firstLine = (stream: Duplex): Promise<string | undefined> =>
  new Promise((resolve) => {
    let text = "";
    const end = (line: string | undefined) => {
      clearTimeout(timer);
      resolve(line);
    };
    const timer = setTimeout(end, 15_000, undefined);
    stream.on("data", (data: Buffer) => {
      text += data.toString();
      if (!text.includes("\n")) return;
      end(text.slice(0, text.indexOf("\n")));
    });
    stream.once("close", () => end(undefined));
    stream.on("error", () => end(undefined));
  });

/**
 * Perl's own calls for unix sockets, `reach(PATH)` and `at(PATH)`: to load IO::Socket::UNIX takes four times as long as
 * to start perl. 1, 1 are PF_UNIX and SOCK_STREAM.
 */
export const perlSockets = `
sub at { pack "S a108", 1, shift }
sub reach { socket my $socket, 1, 1, 0; connect $socket, at(shift) or return; $socket }`;

// The folder is the login's alone; its name is not to be guessed, and mkdir follows no link.
const doorProgram = `
${perlSockets}
$| = 1;
-S $ARGV[0] or exit;
setpgrp;
my $owner = $ENV{SUDO_UID} // $<;
open my $random, "<", "/dev/urandom" or die "urandom: $!\\n";
sysread $random, my $bytes, 12;
my $folder = "/tmp/swarmhub-" . unpack "H*", $bytes;
mkdir $folder, 0700 or die "$folder: $!\\n";
socket my $door, 1, 1, 0;
bind $door, at("$folder/socket") and listen $door, 64 or die "$folder: $!\\n";
chmod 0600, "$folder/socket";
chown $owner, -1, "$folder/socket", $folder;
my $parent = $$;
sub carry {
  my ($from, $to) = @_;
  while (sysread($from, my $bytes, 65536)) {
    for (my $at = 0; $at < length $bytes;) {
      $at += syswrite($to, $bytes, length($bytes) - $at, $at) // exit;
    }
  }
  shutdown($to, 1);
}
if (!fork) {
  $SIG{CHLD} = "IGNORE";
  while (accept my $guest, $door) {
    if (fork) { close $guest; next }
    my $socket = reach($ARGV[0]) or exit;
    if (fork) { carry($guest, $socket) } else { carry($socket, $guest) }
    exit;
  }
  exit;
}
print "$folder/socket\\n";
1 while sysread STDIN, my $ignored, 4096;
unlink "$folder/socket";
rmdir $folder;
$SIG{TERM} = "IGNORE";
kill "TERM", -$parent;
`;
