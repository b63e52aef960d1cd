import type { Duplex } from "node:stream";
import { quote } from "./quote.js";
import { NoSocketError, type Ways } from "./socket-ways.js";

/**
 * A second unix socket, which the login may use, before one that only root may: one process by sudo for the whole run,
 * where a relay for each connection is a session, a sudo and a perl of its own. It ends with the stream that it was
 * started by. Answers its path, undefined where sshd forwards none.
 */
export const openDoor = async (
  { hold, direct }: Pick<Ways, "hold" | "direct">,
  path: string,
  asRoot: string,
): Promise<string | undefined> => {
  const held = await hold(`${asRoot}perl -e ${quote(doorProgram)} ${quote(path)}`);
  const door = await firstLine(held);
  if (door !== undefined && (await opens(direct, door))) return door;
  held.destroy();
  return undefined;
};

const firstLine = (stream: Duplex): Promise<string | undefined> =>
  new Promise((resolve) => {
    let text = "";
    const timer = setTimeout(resolve, 15_000, undefined);
    stream.on("data", (data: Buffer) => {
      text += data.toString();
      if (!text.includes("\n")) return;
      clearTimeout(timer);
      resolve(text.slice(0, text.indexOf("\n")));
    });
    stream.once("close", () => resolve(undefined));
    stream.on("error", () => resolve(undefined));
  });

const opens = async (direct: Ways["direct"], path: string): Promise<boolean> => {
  try {
    (await direct(path)).destroy();
    return true;
  } catch (error) {
    if (error instanceof NoSocketError) return false;
    throw error;
  }
};

// The folder is the login's alone; its name is not to be guessed, and mkdir follows no link.
const doorProgram = `
use IO::Socket::UNIX;
$| = 1;
setpgrp;
my $owner = $ENV{SUDO_UID} // $<;
open my $random, "<", "/dev/urandom" or die "urandom: $!\\n";
sysread $random, my $bytes, 12;
my $folder = "/tmp/swarmhub-" . unpack "H*", $bytes;
mkdir $folder, 0700 or die "$folder: $!\\n";
my $door = IO::Socket::UNIX->new(Local => "$folder/socket", Listen => 64) or die "$folder: $!\\n";
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
  while (my $guest = $door->accept) {
    next if fork;
    my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit;
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
