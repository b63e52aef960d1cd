import { maximumLimitsBytes, maximumOwnLimitsBytes } from "../../contracts/limits.js";
import {
  homeNamePattern,
  storageFiles,
  storageFolders,
  trashEntry,
} from "../../contracts/storage-folders.js";
import { maximumOwnerNoteBytes } from "../../contracts/storage-notes.js";
import { reportCommand, stateCommand, xfsQuota } from "../../contracts/xfs.js";
import { paths } from "../paths.js";
import { quote, quoteAll } from "../text/shell.js";

/**
 * The script that reads everything about the homes, with as many processes for 10,000 of them as for one. With `changes` it
 * also reads every inode for the newest change in each home; with `only` it reads these homes alone.
 */
export const inspectScript = (changes: boolean, only: readonly string[] = []): string => `
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
mountpoint -q ${paths.storage} || exit 0
perl -e ${quote(readingProgram)} ${paths.storage} ${changes ? 1 : 0} ${quoteAll(only)} 2>/dev/null
section() { printf '\\n\\036%s\\n' "$1"; }
section state; ${quoteAll(xfsQuota(paths.storage, stateCommand))} 2>&1
section accounts; ${quoteAll(xfsQuota(paths.storage, reportCommand()))} 2>&1
section disk; df -B1 --output=size,avail ${paths.storage} | tail -n 1
exit 0
`;

const { homes, owners, limits, groups, pending, trash } = storageFolders;

// Perl, because every Debian and Ubuntu has it. The hub's account can put anything into owners/, also a link to a file that is
// not its own, so links are not followed and only small files are read; they may hold any bytes, so they are printed in
// hexadecimal. Project ids come from the kernel (FS_IOC_FSGETXATTR, linux/fs.h): some machines have no lsattr, and names never
// become text.
const readingProgram = `
use strict;
use Fcntl;
use POSIX ();
my ($root, $changes, @only) = @ARGV;
my $home = @only ? do { my $any = join "|", @only; qr/(?:$any)/ } : qr/${homeNamePattern}/;
# Three system calls a file; Perl's own open makes seven, and 20,000 files are read here.
sub content {
  my ($path, $maximum) = @_;
  my $file = POSIX::open($path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) // return;
  my $count = POSIX::read($file, my $text, $maximum + 1);
  POSIX::close($file);
  defined $count && $count <= $maximum ? unpack "H*", $text : undef;
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
print "present ", -d "$root/${homes}" ? 1 : 0, "\\nnow ", time, "\\nparent ", attributes("$root/${homes}") // "", "\\n";
for my $name (names "${homes}") {
  my $seen = $name =~ /^$home\\z/ ? attributes("$root/${homes}/$name") : undef;
  if (defined $seen) { print "home $name $seen\\n" } else { $others++ }
}
print "others $others\\n";
my %maximum = (
  "${owners}" => ${maximumOwnerNoteBytes}, "${limits}" => ${maximumOwnLimitsBytes}, "${groups}" => ${maximumOwnLimitsBytes},
);
for my $kind (sort keys %maximum) {
  for my $name (grep { /^$home\\z/ } names $kind) {
    my $text = content("$root/$kind/$name", $maximum{$kind});
    print "$kind $name ", $text // "!", "\\n";
  }
}
for my $name (grep { /^$home\\z/ } names "${pending}") {
  print "pending $name ", (lstat "$root/${pending}/$name")[9] // 0, "\\n";
}
for my $name (grep { /^$home\\.\\d{8}T\\d{6}Z\\z/ } names "${trash}") {
  my $entry = "$root/${trash}/$name";
  my $note = content("$entry/${trashEntry.owner}", ${maximumOwnerNoteBytes});
  print "trash $name ", -d "$entry/${trashEntry.home}" ? 1 : 0, " ", $note // "", "\\n";
}
for my $name ("${storageFiles.limits}", "${storageFiles.watcherStatus}") {
  my $text = content("$root/$name", ${maximumLimitsBytes});
  print "$name $text\\n" if defined $text;
}
# XFS returns its inodes one after the other, each with its project id (XFS_IOC_BULKSTAT, xfs_fs.h), so no folder is walked:
# 1024 at a time, after a head of 64 bytes 192 each, with the seconds of mtime at 40, those of ctime at 48 and the id at 76.
# The earlier of the two counts: a user can date a file ahead, and a new project id is not a change by the owner.
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
