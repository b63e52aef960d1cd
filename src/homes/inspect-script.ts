import { maximumLimitsBytes, maximumOwnLimitsBytes } from "../../contracts/limits.js";
import { paths } from "../paths.js";
import { quote, quoteAll } from "../text/shell.js";

/**
 * The one script that tells all of the homes: as many processes for 10,000 of them as for one. With `changes` it also goes
 * through every inode for the newest change in each home; with `only` it leaves all other homes out.
 */
export const inspectScript = (changes: boolean, only: readonly string[] = []): string => `
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
mountpoint -q ${paths.storage} || exit 0
perl -e ${quote(readingProgram)} ${paths.storage} ${changes ? 1 : 0} ${quoteAll(only)} 2>/dev/null
section() { printf '\\n\\036%s\\n' "$1"; }
quota() { xfs_quota -x -D /dev/null -P /dev/null "$@" ${paths.storage} 2>&1; }
section state; quota -c 'state -p'
section accounts; quota -c 'report -p -n -N -b -i'
section disk; df -B1 --output=size,avail ${paths.storage} | tail -n 1
exit 0
`;

// Perl, since every Debian and Ubuntu has it. The hub's account can put anything into owners/, also a link to what is none
// of its business, hence no links and no more than 4 KB; what is read may hold anything, hence hexadecimal. Project ids by
// the kernel's own call (FS_IOC_FSGETXATTR, linux/fs.h): lsattr is not on every machine, and names never become text.
const readingProgram = `
use strict;
use Fcntl;
use POSIX ();
my ($root, $changes, @only) = @ARGV;
my $home = @only ? do { my $any = join "|", @only; qr/(?:$any)/ } : qr/[a-z][a-z0-9-]{0,27}/;
# Three system calls a file; Perl's own open makes seven, and 20,000 files are read here.
sub content {
  my ($path, $most) = @_;
  my $file = POSIX::open($path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) // return;
  my $count = POSIX::read($file, my $text, $most + 1);
  POSIX::close($file);
  defined $count && $count <= $most ? unpack "H*", $text : undef;
}
sub names { opendir my $folder, "$root/$_[0]" or return; sort grep { !/^\\.\\.?\\z/ } readdir $folder }
sub attributes {
  my $found = pack "L7";
  sysopen my $folder, $_[0], O_RDONLY | O_NOFOLLOW | O_DIRECTORY or return;
  ioctl $folder, 0x801c581f, $found or return "";
  my ($flags, undef, undef, $id) = unpack "L4", $found;
  "$id " . ($flags & 0x200 ? 1 : 0);
}
my $others = 0;
print "present ", -d "$root/homes" ? 1 : 0, "\\nnow ", time, "\\nparent ", attributes("$root/homes") // "", "\\n";
for my $name (names "homes") {
  my $seen = $name =~ /^$home\\z/ ? attributes("$root/homes/$name") : undef;
  if (defined $seen) { print "home $name $seen\\n" } else { $others++ }
}
print "others $others\\n";
for my $kind ("owners", "limits") {
  for my $name (grep { /^$home\\z/ } names $kind) {
    my $text = content("$root/$kind/$name", ${maximumOwnLimitsBytes});
    print "$kind $name ", $text // "!", "\\n";
  }
}
for my $name (grep { /^$home\\z/ } names "pending") {
  print "pending $name ", (lstat "$root/pending/$name")[9] // 0, "\\n";
}
for my $name (grep { /^$home\\.\\d{8}T\\d{6}Z\\z/ } names "trash") {
  print "trash $name ", -d "$root/trash/$name/home" ? 1 : 0, " ", content("$root/trash/$name/owner", 4096) // "", "\\n";
}
for my $name ("limits.json", "watcher.json") {
  my $text = content("$root/$name", ${maximumLimitsBytes});
  print "$name $text\\n" if defined $text;
}
# XFS hands out its inodes one after the other, each with its project id (XFS_IOC_BULKSTAT, xfs_fs.h): no folder is
# walked through. 1024 at a time, after a head of 64 bytes 192 each: seconds of mtime at 40 and of ctime at 48, the id at
# 76. The earlier of the two: whoever writes may date a file ahead, and a new project id is no change of its owner's.
exit unless $changes;
my ($next, %newest) = (0);
sysopen my $disk, $root, O_RDONLY or exit;
while (1) {
  my $inodes = pack("Q L4 Q5", $next, 0, 1024, (0) x 7) . "\\0" x (192 * 1024);
  ioctl $disk, 0x8040587F, $inodes or exit;
  ($next, my $count) = unpack "Q x8 L", $inodes;
  last if $count == 0;
  my @found = unpack "x64 (x40 q2 x20 L x112)$count", $inodes;
  for (my $at = 0; $at < @found; $at += 3) {
    my ($written, $changed, $id) = @found[$at .. $at + 2];
    my $second = $written < $changed ? $written : $changed;
    $newest{$id} = $second if $second > ($newest{$id} // 0);
  }
}
print "changed $_ $newest{$_}\\n" for keys %newest;
`;
