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
  my (undef, @lines) = @folders ? lines_of("df", "-B1", "--output=size,avail,itotal,iavail", "--", map { "$root$_" } @folders) : ();
  return unless @lines == @folders;
  return map {
    # A file system without a fixed number of files has "-".
    my ($bytes, $free, $files, $free_files) = map { /^\d+\z/ ? $_ : 0 } split " ", $lines[$_];
    {path => $folders[$_], bytes => $bytes, freeBytes => $free, files => $files, freeFiles => $free_files};
  } 0 .. $#folders;
}

sub docker_folder {
  my ($folder) = (content("$root/etc/docker/daemon.json") // "") =~ m{"data-root"\s*:\s*"(/[\w./-]+)"};
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
