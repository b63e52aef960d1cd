
# Reports the state of this machine every 5 s as one line of JSON (contracts/machine-report.ts): 7 MB, and 3.5 ms of CPU for 20
# containers. It runs as an account without any right.
#
#   monitor listen ADDRESS:PORT MANAGER       on a worker: sends the lines to the manager, and reads nothing
#   monitor collect ADDRESS [ADDRESS:PORT…]   on the manager: keeps its own newest line and those of the other machines as files
#
# A machine that a user has broken out to may send anything, so the manager takes at most 64 kB a second from each.
use Fcntl;
use Socket;

my ($longest_line, $most_containers) = (65_536, 200);
my ($report_every, $patience) = (5, 15);    # seconds
my %modes = (listen => \&listen_mode, collect => \&collect_mode);

$SIG{PIPE} = "IGNORE";
my ($mode, @arguments) = @ARGV;
my $start = $modes{$mode // ""} or die "usage: monitor listen|collect ADDRESS …\n";
repeat(1, $start->(@arguments));

sub listen_mode {
  my ($own, $manager) = @_;
  socket my $listener, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
  setsockopt $listener, SOL_SOCKET, SO_REUSEADDR, 1;
  bind $listener, endpoint($own) or die "cannot listen at $own: $!\n";
  listen $listener, 8 or die "cannot listen at $own: $!\n";
  unblock($listener);
  my @clients;
  return sub {
    for (1 .. 8) {
      my $peer = accept my $client, $listener or last;
      next unless inet_ntoa((sockaddr_in($peer))[1]) eq $manager;
      unblock($client);
      setsockopt $client, SOL_SOCKET, SO_SNDBUF, 4 * $longest_line;
      shutdown $client, 0;
      push @clients, $client;
    }
    shift @clients while @clients > 4;
    return if $_[0] % $report_every;
    my $line = report();
    # Whoever does not take a whole line at once is gone or stuck, and connects anew if it wants more.
    @clients = grep { (syswrite($_, $line) // -1) == length $line } @clients;
  };
}

sub collect_mode {
  my ($own, @others) = @_;
  my %machines = map { $_ => {address => $_} } @others;
  return sub {
    my $connects = $_[0] % $report_every == 0;
    keep("$own.json", report()) if $connects;
    for my $machine (values %machines) {
      connect_to($machine) if $connects && !$machine->{socket};
      read_from($machine) if $machine->{socket};
    }
  };
}

sub connect_to {
  my $machine = shift;
  socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
  unblock($socket);
  connect $socket, endpoint($machine->{address});
  @$machine{qw(socket text silent)} = ($socket, "", 0);
}

# One read a second: what comes faster waits at its sender.
sub read_from {
  my $machine = shift;
  my $count = sysread $machine->{socket}, $machine->{text}, $longest_line, length $machine->{text};
  my $is_waiting = !defined $count && ($!{EAGAIN} || $!{EWOULDBLOCK});
  my @lines = $machine->{text} =~ /([^\n]*)\n/g;
  $machine->{text} =~ s/.*\n//s;
  # Only the newest line counts, and one that is too long is dropped.
  if (@lines && length $lines[-1] <= $longest_line) {
    my ($address) = split /:/, $machine->{address};
    keep("$address.json", "$lines[-1]\n");
    $machine->{silent} = 0;
  }
  my $is_gone = !$is_waiting && !$count;
  undef $machine->{socket} if $is_gone || ++$machine->{silent} > $patience || length $machine->{text} > $longest_line;
}

sub endpoint { my ($address, $port) = split /:/, $_[0]; return sockaddr_in($port, inet_aton($address)) }
sub unblock { fcntl $_[0], F_SETFL, O_NONBLOCK or die "fcntl: $!\n" }

sub report {
  my %memory = (content("$root/proc/meminfo") // "") =~ /^(MemTotal|MemAvailable):\s+(\d+) kB/mg;
  my ($uptime) = (content("$root/proc/uptime") // "") =~ /^(\d+(?:\.\d+)?)/;
  my ($load) = (content("$root/proc/loadavg") // "") =~ /^(\d+(?:\.\d+)?)/;
  my $stat = content("$root/proc/stat") // "";
  my ($user, $nice, $system, undef, undef, $irq, $softirq) = ($stat =~ /^cpu +(.*)/m ? split(/ /, $1) : (), (0) x 7);
  my $largest = content("$root/run/swarmhub/layers/largest.json") // "";
  my $ended = content("$root/run/swarmhub/layers/ended.json") // "";
  my $line = object(
    uptime => $uptime // 0,
    disks => list(map { object(%$_, path => text($_->{path})) } disks()),
    memory => object(bytes => 1024 * ($memory{MemTotal} // 0), availableBytes => 1024 * ($memory{MemAvailable} // 0)),
    # The kernel counts in hundredths of a second.
    cpu => object(cores => scalar(() = $stat =~ /^cpu\d/mg), busyMicroseconds => 10_000 * ($user + $nice + $system + $irq + $softirq)),
    load => $load // 0,
    containers => list(containers()),
    endedServers => $ended =~ /^\[[ -~]{0,4000}\]\z/ ? $ended : "[]",
    largestLayers => $largest =~ /^\[[ -~]{0,1000}\]\z/ ? $largest : "[]",
  );
  return "$line\n";
}

# Of both drivers of cgroups that Docker has; all these files are world-readable.
sub containers {
  my @found;
  for my $folder (glob("$root/sys/fs/cgroup/system.slice/docker-*.scope"), glob("$root/sys/fs/cgroup/docker/*")) {
    my ($id) = $folder =~ m{[/-]([0-9a-f]{64})(?:\.scope)?\z} or next;
    my %value = map { $_ => content("$folder/$_") // "" } qw(memory.current memory.stat memory.max memory.events cpu.stat pids.current);
    next unless $value{"memory.current"} =~ /^\d+$/;
    my $number = sub { $value{$_[0]} =~ /^$_[1](\d+)$/m ? $1 : 0 };
    # The page cache is not counted: with it, a server that reads a large file over NFS looks as if it were at its limit.
    my $memory = $number->("memory.current", "") - $number->("memory.stat", "inactive_file ");
    push @found, [$memory, object(
      id => text($id),
      memory => $memory < 0 ? 0 : $memory,
      memoryLimit => $value{"memory.max"} =~ /^(\d+)$/ ? $1 : "null",
      oomKills => $number->("memory.events", "oom_kill "),
      processes => $number->("pids.current", ""),
      cpuMicroseconds => $number->("cpu.stat", "usage_usec "),
      periods => $number->("cpu.stat", "nr_periods "),
      throttledPeriods => $number->("cpu.stat", "nr_throttled "),
    )];
  }
  @found = sort { $b->[0] <=> $a->[0] } @found;
  splice @found, $most_containers if @found > $most_containers;
  return map { $_->[1] } @found;
}
