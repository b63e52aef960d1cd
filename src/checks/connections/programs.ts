/**
 * Listener and prober of a connection test, in Perl, since every Debian and Ubuntu has it (perl-base, without Time::HiRes).
 * Both read their input after __END__, so that none of it is in a process list, and end by themselves.
 */

/** The data that is sent and echoed: each four bytes are different, and both ends compute the same. */
const body = `sub body { substr pack("N*", map { $_ * 2654435761 & 0xffffffff } 1 .. $_[0] / 4 + 1), 0, $_[0] }`;

/** A packet of a raw socket without its IP header; of UDP, its own header of 8 bytes comes next. */
const payload = `sub payload { substr $_[0], 4 * (15 & ord $_[0]) }`;

/**
 * A filter for a raw socket of UDP: this port, and data that starts like the nonce. Otherwise all users' packets would be copied to it.
 * The numbers are the kernel's (linux/filter.h): the length of the IP header, the port, the data, each compared, and what to keep.
 */
const filter = `
sub filtered {
  my ($socket, $port, $nonce) = @_;
  my $program = pack "(SCCL)*", 0xb1, 0, 0, 0, 0x48, 0, 0, 2, 0x15, 0, 3, $port,
    0x48, 0, 0, 8, 0x15, 0, 1, unpack("n", $nonce), 0x06, 0, 0, 65535, 0x06, 0, 0, 0;
  setsockopt $socket, 1, 26, pack "S x![p] P", length($program) / 8, $program or die "cannot filter: $!\\n";
}`;

/**
 * Listens at an address, first line "NONCE ADDRESS SECONDS HOW", then each "tcp/2377" (ESP is "esp/50"). Prints for each port "open" or "occupied",
 * then "ready PID". It echoes the data over TCP, and its length over UDP and ESP, to clients that know the nonce. If HOW is "watch" and not
 * "bind", it takes no UDP port: a raw socket also gets what arrives for a port that the kernel or Docker uses, behind the rules of the
 * firewall (net/ipv4/ip_input.c, ip_protocol_deliver_rcu), and a Docker that needs the port meanwhile gets it.
 */
export const listenerProgram = `
use strict; use Errno; use IO::Socket::INET; use IO::Select;
${payload}
${filter}
$| = 1;
chomp(my ($first, @ports) = <DATA>);
my ($nonce, $address, $seconds, $how) = split " ", $first;
$SIG{$_} = sub { exit 0 } for qw(ALRM TERM HUP);
$SIG{CHLD} = "IGNORE";
alarm $seconds;
my (%tcp, %raw, %watched, $select);
$select = IO::Select->new;
for (@ports) {
  my ($protocol, $port) = split "/";
  my $isWatched = $protocol eq "udp" && $how eq "watch";
  my $raw = $protocol eq "esp" ? $port : $isWatched ? 17 : undef;
  my $socket = IO::Socket::INET->new(
    LocalAddr => $address,
    defined $raw ? (Type => SOCK_RAW, Proto => $raw) : (LocalPort => $port, Proto => $protocol),
    $protocol eq "tcp" ? (Listen => 128, ReuseAddr => 1) : (),
  );
  die "cannot listen at $address, $_: $!\\n" unless $socket || $!{EADDRINUSE};
  print $socket ? "open" : "occupied", " $_\\n";
  next unless $socket;
  $tcp{$socket} = $protocol eq "tcp";
  $raw{$socket} = defined $raw;
  $watched{$socket} = $port if $isWatched;
  filtered($socket, $port, $nonce) if $isWatched;
  $select->add($socket);
}
print "ready $$\\n";
while (my @ready = $select->can_read) {
  for my $socket (@ready) {
    if (!$tcp{$socket}) {
      my $peer = recv $socket, my $bytes, 65536, 0;
      next unless defined $peer;
      $bytes = payload($bytes) if $raw{$socket};
      my $from = $watched{$socket} ? unpack "n", substr $bytes, 0, 8, "" : 0;
      next unless 0 == index $bytes, $nonce;
      # The nonce comes last, since both ends of a raw socket see all packets: an answer must not be answered.
      my $answer = length($bytes) . " $nonce";
      $answer = pack("n4", $watched{$socket}, $from, 8 + length $answer, 0) . $answer if $watched{$socket};
      send $socket, $answer, 0, $peer;
      next;
    }
    my $client = $socket->accept or next;
    next if fork;
    $SIG{ALRM} = "DEFAULT";
    alarm 15;
    my ($received, $size) = split " ", readline($client) // "";
    exit if ($received // "") ne $nonce || $size > 1 << 20;
    read $client, my $bytes, $size;
    print $client $bytes;
    close $client;
    exit;
  }
}
__END__
`;

/**
 * Tests connections in parallel; each line is "NONCE ADDRESS PROTOCOL PORT SIZE KIND", with the kind "connect" if another program
 * listens, else "talk". Prints "ADDRESS PROTOCOL PORT RESULT" for each: reached, refused, silent, or broken if only small data
 * passes. The last result of a connection counts.
 */
export const proberProgram = `
use strict; use Errno; use IO::Socket::INET; use IO::Select;
${body}
${payload}
my ($seconds, $dontFragment) = (4, pack "i", 2);
alarm 6 * $seconds;
my @children;
while (my $line = <DATA>) {
  chomp $line;
  my $child = fork;
  if ($child) { push @children, $child; next }
  my ($nonce, $address, $protocol, $port, $size, $kind) = split " ", $line;
  my $report = sub { syswrite STDOUT, "$address $protocol $port $_[0]\\n" };
  my $end = sub { $report->($_[0]); exit 0 };
  if ($protocol ne "tcp") {
    my $isRaw = $protocol eq "esp";
    my @kind = $isRaw ? (Type => SOCK_RAW, Proto => $port) : (PeerPort => $port, Proto => "udp");
    my $socket = IO::Socket::INET->new(PeerAddr => $address, @kind) or $end->("silent");
    setsockopt $socket, 0, 10, $dontFragment;
    my $answered = sub {
      my $bytes = substr $nonce . " " . body($_[0]), 0, $_[0];
      for (1 .. 3) {
        send $socket, $bytes, 0;
        # A raw socket also sees the packets of the class itself.
        for (my $until = time + $seconds / 2; time < $until && IO::Select->new($socket)->can_read($seconds / 3);) {
          # Where a free UDP port is watched, the kernel's own "unreachable" comes before the answer.
          defined(recv $socket, my $answer, 100, 0) or next;
          $answer = payload($answer) if $isRaw;
          return 1 if $answer eq length($bytes) . " $nonce";
        }
      }
      return 0;
    };
    $end->("silent") unless $answered->(64);
    $end->($answered->($size) ? "reached" : "broken");
  }
  my $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => "tcp", Timeout => $seconds)
    or $end->($!{ECONNREFUSED} ? "refused" : "silent");
  $end->("reached") if $kind eq "connect";
  # Printed first and corrected at the end: perl runs no signal handler while it blocks in a write, so the alarm just kills.
  $report->("broken");
  alarm 2 * $seconds;
  my $bytes = body($size);
  print $socket "$nonce $size\\n$bytes";
  $socket->flush;
  read $socket, my $answer, $size;
  $end->("reached") if $answer eq $bytes;
  exit 0;
}
waitpid $_, 0 for @children;
__END__
`;
