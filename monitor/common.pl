#!/usr/bin/perl
# Written by swarmhub; the next `swarmhub up` overwrites it.
# The first part of both programs. They need only perl-base, which every Debian and Ubuntu has.
use strict;
use warnings;

# For tests: another root folder, and another length of a second.
my $root = $ENV{SWARMHUB_ROOT} // "";
my $second = $ENV{SWARMHUB_SECOND} // 1;
$ENV{LC_ALL} = "C";

# Calls a function for ever, with a pause of so many seconds; its argument is the number of calls before.
sub repeat {
  my ($pause, $pass) = @_;
  for (my $passed = 0; ; $passed++) {
    $pass->($passed);
    select undef, undef, undef, $pause * $second;
  }
}

# The file systems that Docker writes to, with what is free for everybody but root.
sub disks {
  my %seen;
  my @folders = grep { my $device = (stat "$root$_")[0]; defined $device && !$seen{$device}++ } docker_folder(), "/var/lib/containerd";
  return map { my @space = space("$root$_"); @space ? {path => $_, @space} : () } @folders;
}

# By the system call where its number is known, since the guard asks each second; df is a process of 40 ms on a small machine.
my $statfs = {x86_64 => 137, aarch64 => 43}->{(lines_of("uname", "-m"))[0] =~ s/\n//r};

sub space {
  my $path = shift;
  my @words;
  if ($statfs) {
    my $answer = "\0" x 256;
    return if syscall($statfs, $path, $answer) != 0;
    my (undef, $block, $blocks, undef, $available, $files, $free_files, undef, undef, $fragment) = unpack "q10", $answer;
    my $unit = $fragment || $block;
    @words = ($blocks * $unit, $available * $unit, $files, $free_files);
  } else {
    my (undef, $line) = lines_of("df", "-B1", "--output=size,avail,itotal,iavail", "--", $path);
    # A file system without a fixed number of files has "-".
    @words = map { /^\d+\z/ ? $_ : 0 } split " ", $line // return;
  }
  return (bytes => $words[0], freeBytes => $words[1], files => $words[2], freeFiles => $words[3]);
}

sub docker_folder {
  my ($folder) = (content("$root/etc/docker/daemon.json") // "") =~ m{"data-root"\s*:\s*"(/[\w./-]+)"};
  return $folder if defined $folder;
  my ($pid) = (content("$root/run/docker.pid") // "") =~ /^(\d+)$/ or return "/var/lib/docker";
  # An id that Docker left behind may be another process's by now.
  ($folder) = (content("$root/proc/$pid/cmdline") // "") =~ m{^(?:[^\0]*/)?dockerd\0(?:.*\0)?(?:--data-root|--graph|-g)[=\0]?(/[\w./-]+)\0}s;
  return $folder // "/var/lib/docker";
}

# Replaces a file as a whole: a reader sees the former content or the new one.
sub keep {
  my ($name, $text) = @_;
  my $path = "$ENV{RUNTIME_DIRECTORY}/$name";
  open my $file, ">", "$path.new" or die "$path.new: $!\n";
  print $file $text and close $file or die "$path.new: $!\n";
  rename "$path.new", $path or die "$path: $!\n";
}

sub content {
  open my $file, "<", $_[0] or return;
  local $/;
  return scalar <$file>;
}

sub lines_of {
  open my $output, "-|", @_ or return;
  my @lines = <$output>;
  close $output;
  return @lines;
}

sub text { my $text = shift; $text =~ s/([^ !#-\[\]-~])/sprintf "\\u%04x", ord $1/ge; return "\"$text\"" }
sub list { return "[" . join(",", @_) . "]" }
sub object { my %values = @_; return "{" . join(",", map { "\"$_\":$values{$_}" } sort keys %values) . "}" }
