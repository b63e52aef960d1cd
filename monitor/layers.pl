
# Names the users of the largest writable layers, while a disk of Docker's is over 80 % full: counting takes 2 µs a file. It has the
# right to read every file, so it has no network, and writes only the names and sizes that the monitor reports.
my ($filling, $look_every, $time_for_all, $time_for_one) = (0.8, 30, 120, 20);    # part of a disk; seconds
# Who wrote less is not named: an ordinary server has some of both.
my %least = (bytes => 100 * 2 ** 20, files => 10_000);
my %option = (bytes => "-B1", files => "--inodes");

repeat($look_every, sub {
  my ($kind) = map { shortages($_) } disks();
  keep("largest.json", $kind ? largest_layers($kind) : "[]");
});

# What a disk is running out of: bytes, files or both.
sub shortages {
  my $disk = shift;
  my $free = 1 - $filling;
  return (("bytes") x ($disk->{freeBytes} < $free * $disk->{bytes}), ("files") x ($disk->{freeFiles} < $free * $disk->{files}));
}

# A container that has ended counts too: its layer stays until Swarm removes the task.
sub largest_layers {
  my $kind = shift;
  my $end = time + $time_for_all;
  my $docker = docker_folder();
  my (%written, %uncounted);
  for my $path (glob "$root$docker/containers/*/config.v2.json") {
    my ($id) = $path =~ m{/([0-9a-f]{64})/[^/]+\z} or next;
    my $config = content($path) // next;
    # Quotes within a JSON string are escaped, so this is always a label of its own.
    my ($user) = $config =~ /"swarmhub\.user":"([a-z0-9-]{1,63})"/ or next;
    my $layer = layer_of($docker, $id, $config) // next;
    last if time > $end;
    my ($size) = lines_of("timeout", $time_for_one, "du", "-sx", $option{$kind}, "--", $layer);
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
