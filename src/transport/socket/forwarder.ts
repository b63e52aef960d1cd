import type { Duplex } from "node:stream";
import { perlSockets } from "../../text/perl-sockets.js";
import { quote } from "../../text/shell.js";
import type { SocketRoutes } from "./types.js";

/**
 * Starts a forwarder: a second unix socket, which the login may use, in front of one that only root may. It is one
 * process under sudo for the whole run, where a relay costs a session, a sudo and a perl for each connection. It ends
 * with the stream that started it. Answers its path; undefined where the socket does not exist or needs no forwarder.
 */
export const startSocketForwarder = async (
  { hold }: Pick<SocketRoutes, "hold">,
  path: string,
  asRoot: string,
): Promise<string | undefined> => {
  const program = `exec ${asRoot}perl -e ${quote(forwarderProgram)} ${quote(path)}`;
  const unlessWritable = asRoot === "" ? "" : `[ -w ${quote(path)} ] || `;
  const stream = await hold(`sh -c ${quote(unlessWritable + program)}`);
  const forwarder = await firstLine(stream);
  if (forwarder === undefined) stream.destroy();
  return forwarder;
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

// The folder belongs to the login alone; its name cannot be guessed, and mkdir follows no link.
const forwarderProgram = `
${perlSockets}
$| = 1;
-S $ARGV[0] or exit;
setpgrp;
my $owner = $ENV{SUDO_UID} // $<;
open my $random, "<", "/dev/urandom" or die "urandom: $!\\n";
sysread $random, my $bytes, 12;
my $folder = "/tmp/swarmhub-" . unpack "H*", $bytes;
mkdir $folder, 0700 or die "$folder: $!\\n";
socket my $listener, 1, 1, 0;
bind $listener, address("$folder/socket") and listen $listener, 64 or die "$folder: $!\\n";
chmod 0600, "$folder/socket";
chown $owner, -1, "$folder/socket", $folder;
my $parent = $$;
sub copy {
  my ($from, $to) = @_;
  while (sysread($from, my $bytes, 65536)) {
    for (my $sent = 0; $sent < length $bytes;) {
      $sent += syswrite($to, $bytes, length($bytes) - $sent, $sent) // exit;
    }
  }
  shutdown($to, 1);
}
if (!fork) {
  $SIG{CHLD} = "IGNORE";
  while (accept my $client, $listener) {
    if (fork) { close $client; next }
    my $socket = dial($ARGV[0]) or exit;
    if (fork) { copy($client, $socket) } else { copy($socket, $client) }
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
