
# Watches what users' servers write outside their homes. It reads every file's size and Docker's socket, so it has no network; of
# what users wrote, it reads only how much it is.
#
# - Each second it looks whether a disk of Docker's has room. If not, it ends the server that wrote most: everybody on the machine
#   would fail otherwise. Swarm starts it anew, with nothing of what it wrote.
# - While a disk is over 80 % full, it names the users of the largest layers each 30 s: counting takes 2 µs a file.
use Socket;

my ($filling, $look_every, $time_for_all, $time_for_one) = (0.8, 30, 120, 20);    # part of a disk; seconds
# Who wrote less is not named: an ordinary server has some of both.
my %least = (bytes => 100 * 2 ** 20, files => 10_000);
my %option = (bytes => "-B1", files => "--inodes");
# With less than this free a server is ended, if that gives as much as `worth` back.
my %needed = (bytes => 512 * 2 ** 20, files => 5_000);
my %worth = (bytes => 200 * 2 ** 20, files => 20_000);
my ($count_for_one, $count_for_all, $pause) = (10, 20, 3);    # seconds; XFS frees the space of a large file later than it is removed

my ($counting, $not_before) = (0, 0);

repeat(1, sub {
  my @disks = disks();
  guard(@disks) if time >= $not_before;
  return if $_[0] % $look_every || $counting && waitpid($counting, 1) == 0;
  # Not of a disk without layers: the one that has the file with Docker's data is full by intention.
  my ($kind, @containers);
  for (@disks) {
    last if @containers;
    ($kind) = shortages($_);
    @containers = users_containers($_) if $kind;
  }
  return keep("largest.json", "[]") unless @containers;
  # In a process of its own: the guard must not wait for it.
  my $parent = $$;
  $counting = fork;
  return if !defined $counting || $counting;
  open STDERR, ">", "/dev/null";
  my $found = largest_layers($kind, @containers);
  keep("largest.json", $found) if getppid == $parent;
  exit;
});

# What a disk is running out of: bytes, files or both.
sub shortages {
  my $disk = shift;
  my $free = 1 - $filling;
  return (("bytes") x ($disk->{freeBytes} < $free * $disk->{bytes}), ("files") x ($disk->{freeFiles} < $free * $disk->{files}));
}

sub guard {
  my ($disk) = grep { kind_needed($_) } @_;
  return unless $disk;
  my ($kind, $started) = (kind_needed($disk), time);
  my ($largest) = sort { $b->{$kind} <=> $a->{$kind} } sizes_of(users_containers($disk));
  if ($largest && $largest->{$kind} >= $worth{$kind} && end_container($largest->{id})) {
    note_end($largest, $kind);
    $not_before = time + $pause;
  } else {
    # It is not the users who fill the disk: counting takes a tenth of the time at most.
    $not_before = time + 1 + 9 * (time - $started);
  }
}

# What everybody on a disk will lack in a moment; undefined where there is room.
sub kind_needed {
  my $disk = shift;
  return "bytes" if $disk->{freeBytes} < $needed{bytes};
  return $disk->{files} > 0 && $disk->{freeFiles} < $needed{files} ? "files" : undef;
}

# What each container has in its layer and its log. Where the time is not enough, it is what was counted until then.
sub sizes_of {
  my $docker = docker_folder();
  my $end = time + $count_for_all;
  my @found;
  for (@_) {
    my ($id, $user, $layer) = @$_;
    my ($blocks, $files) = (0, 0);
    for my $log (glob "$root$docker/containers/$id/*-json.log*") { $blocks += (lstat $log)[12] // 0 }
    my $left = $end - time;
    $left = $left < 1 ? 1 : $left > $count_for_one ? $count_for_one : $left;
    # Its complaints would bring names that users chose into the journal.
    if (open my $sizes, "-|", "timeout", $left, "sh", "-c", 'exec find "$1" -xdev -printf "%b\\n" 2>/dev/null', "sh", $layer) {
      while (<$sizes>) { $blocks += $_; $files++ }
      close $sizes;
    }
    push @found, {id => $id, user => $user, bytes => 512 * $blocks, files => $files};
  }
  return @found;
}

# Answers whether Docker has removed it with its layer. Swarm sees a failed task, and starts the server anew.
sub end_container {
  my $id = shift;
  socket my $docker, PF_UNIX, SOCK_STREAM, 0 or return;
  connect $docker, pack_sockaddr_un("$root/run/docker.sock") or return;
  syswrite $docker, "DELETE /containers/$id?force=1 HTTP/1.0\r\n\r\n" or return;
  my ($watched, $answer) = ("", "");
  vec($watched, fileno $docker, 1) = 1;
  1 while select(my $ready = $watched, undef, undef, 20) > 0 and sysread $docker, $answer, 4096, length $answer;
  return $answer =~ m{^HTTP/1\.[01] (?:204|404|409) };
}

# The ten that were ended last, the newest first.
sub note_end {
  my ($container, $kind) = @_;
  my $earlier = content("$ENV{RUNTIME_DIRECTORY}/ended.json") // "";
  my @earlier = $earlier =~ /(\{[^{}]*\})/g;
  splice @earlier, 9 if @earlier > 9;
  my %amount = (bytes => "null", files => "null", $kind => $container->{$kind});
  keep("ended.json", list(object(at => time, container => text($container->{id}), user => text($container->{user}), %amount), @earlier));
}

# The id, the user and the layer of each container of a user's server whose layer is on this disk, also of one that has ended: its layer stays until Swarm
# removes the task.
sub users_containers {
  my $device = (stat $root . ($_[0]{path} // ""))[0] // return;
  my $docker = docker_folder();
  return map {
    my ($id) = m{/([0-9a-f]{64})/[^/]+\z};
    my $config = $id && content($_) // "";
    # Quotes within a JSON string are escaped, so this is always a label of its own.
    my ($user) = $config =~ /"swarmhub\.user":"([a-z0-9-]{1,63})"/;
    my $layer = $user && layer_of($docker, $id, $config);
    $layer && ((stat $layer)[0] // 0) == $device ? [$id, $user, $layer] : ();
  } glob "$root$docker/containers/*/config.v2.json";
}

sub largest_layers {
  my ($kind, @containers) = @_;
  my $end = time + $time_for_all;
  my (%written, %uncounted);
  for (@containers) {
    my (undef, $user, $layer) = @$_;
    last if time > $end;
    my ($size) = lines_of("timeout", $time_for_one, "nice", "du", "-sx", $option{$kind}, "--", $layer);
    if (($size // "") =~ /^(\d+)\s/) { $written{$user} += $1 }
    elsif ($? >> 8 == 124) { $uncounted{$user} = 1; $written{$user} += 0 }
  }
  # Files that cannot be counted in time are many: that layer comes first.
  my @users = sort { ($uncounted{$b} // 0) <=> ($uncounted{$a} // 0) || $written{$b} <=> $written{$a} || $a cmp $b }
    grep { $uncounted{$_} || $written{$_} >= $least{$kind} } keys %written;
  splice @users, 3 if @users > 3;
  return list(map { object(user => text($_), bytes => "null", files => "null", $uncounted{$_} ? () : ($kind => $written{$_})) } @users);
}

# Docker's own image store names the folder. With containerd's, the container's first process has it among its mounts.
sub layer_of {
  my ($docker, $id, $config) = @_;
  my $mount = content("$root$docker/image/overlay2/layerdb/mounts/$id/mount-id") // "";
  return "$root$docker/overlay2/$mount/diff" if $mount =~ /^[0-9a-f]{64}\z/;
  my ($pid) = $config =~ /"State":\{[^}]*"Pid":([1-9]\d*)/ or return;
  my ($layer) = (content("$root/proc/$pid/mountinfo") // "") =~ m{^\d+ \d+ \S+ \S+ / .*\bupperdir=([^,\s]+)}m or return;
  return $layer =~ m{^(?:\Q$docker\E|/var/lib/containerd)/[\w./-]+\z} && $layer !~ /\.\./ ? "$root$layer" : undef;
}
