import { parseTrashEntry, storageFolders, trashEntry } from "../../contracts/storage-folders.js";
import { CommandError, UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";

/** A deleted home that can be restored. */
export type Trashed = { entry: string; home: string; user: string | undefined; deleted: Date };

/** The moment from which the watcher erases it. */
export const keptUntil = ({ deleted }: Pick<Trashed, "deleted">, trashDays: number): Date =>
  new Date(deleted.getTime() + trashDays * 86_400_000);

/**
 * Moves a home, its owner's note and its limits to the trash; returns the entry and when it was made. By rename alone: a copy
 * would belong to nobody.
 */
export const moveToTrash = async (
  storage: Host,
  home: string,
): Promise<Pick<Trashed, "entry" | "deleted">> => {
  const entry = (await runOnHomes(storage, "change the trash", trashProgram, home)).trim();
  const parsed = parseTrashEntry(entry);
  if (parsed === undefined) throw new Error(`"${entry}" is not the name of an entry in the trash`);
  return { entry, deleted: parsed.deleted };
};

/**
 * Brings an entry of the trash back under its old name. XFS renames a folder into `homes/`, which passes its project id on,
 * only if it has that id already (otherwise EXDEV): so the folder takes it, and the watcher then gives a new id to the home
 * and its files. Until then the files keep the old id and limit, new files count on the parent's small limit, and the pending
 * marker, which is made first, keeps the owner's server from starting.
 */
export const restoreFromTrash = async (
  storage: Host,
  { entry, home }: Pick<Trashed, "entry" | "home">,
): Promise<void> => {
  await runOnHomes(storage, "change the trash", restoreProgram, entry, home);
};

/** Runs a Perl program that moves homes, with the helpers below. Throws a UserError with what `refuse` says. */
export const runOnHomes = async (
  storage: Host,
  title: string,
  program: string,
  ...words: string[]
): Promise<string> => {
  try {
    return await storage.run(["perl", "-e", sharedProgram + program, paths.storage, ...words], {
      title,
      timeout: 60_000,
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.output.code !== refusedCode) throw error;
    throw new UserError(error.output.stderr.trim(), { host: storage.name });
  }
};

const refusedCode = 9;

const { homes, owners, limits, groups, pending, trash } = storageFolders;

const sharedProgram = `
use strict;
use POSIX ();
use Fcntl;
my $root = shift;
chdir $root or refuse("$root: $!");
-d "${homes}" && -d "${trash}" or refuse("$root: the folder ${homes} or ${trash} is missing; to make it, type: swarmhub up");
my $marker;
sub refuse { unlink $marker if defined $marker; print STDERR "$_[0]\\n"; exit ${refusedCode} }
sub move { rename $_[0], $_[1] or refuse("$root: cannot rename $_[0] to $_[1]: $!") }
sub flush { system("sync", "-f", ".") }
`;

const trashProgram = `
my ($home) = @ARGV;
lstat "${homes}/$home" or refuse("$root/${homes}/$home: $!");
my $entry = POSIX::strftime("$home.%Y%m%dT%H%M%SZ", gmtime);
my $to = "${trash}/$entry";
mkdir $to, 0700 or refuse("$root/$to: $!");
rename "${homes}/$home", "$to/${trashEntry.home}"
  or do { my $why = $!; rmdir $to; refuse("$root/${homes}/$home cannot be moved to the trash: $why") };
move("${owners}/$home", "$to/${trashEntry.owner}") if -e "${owners}/$home";
move("${limits}/$home", "$to/${trashEntry.limits}") if -e "${limits}/$home";
# The hub writes the note of the groups again at the owner's next start.
unlink "${pending}/$home", "${groups}/$home";
flush();
print "$entry\\n";
`;

const restoreProgram = `
my ($entry, $home) = @ARGV;
my ($from, $to) = ("${trash}/$entry", "${homes}/$home");
-d "$from/${trashEntry.home}" or refuse("$root/$from holds no home");
lstat $to and refuse("$root/$to already exists");
open my $made, ">", "${pending}/$home" or refuse("$root/${pending}/$home: $!");
close $made;
$marker = "${pending}/$home";
flush();
# FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR of linux/fs.h: flags first (0x200: inherits), the project id fourth.
my ($parent, $own) = (pack("L7"), pack "L7");
sysopen my $homes, "${homes}", O_RDONLY or refuse("$root/${homes}: $!");
sysopen my $folder, "$from/${trashEntry.home}", O_RDONLY | O_NOFOLLOW or refuse("$root/$from/${trashEntry.home}: $!");
if (ioctl $homes, 0x801c581f, $parent and (unpack "L", $parent)[0] & 0x200) {
  ioctl $folder, 0x801c581f, $own or refuse("$root/$from/${trashEntry.home}: $!");
  my @changed = unpack "L7", $own;
  $changed[3] = (unpack "L7", $parent)[3];
  ioctl $folder, 0x401c5820, pack "L7", @changed or refuse("$root/$from/${trashEntry.home} does not take another project id: $!");
}
move("$from/${trashEntry.owner}", "${owners}/$home") if -e "$from/${trashEntry.owner}" && !-e "${owners}/$home";
move("$from/${trashEntry.limits}", "${limits}/$home") if -e "$from/${trashEntry.limits}" && !-e "${limits}/$home";
move("$from/${trashEntry.home}", $to);
unlink map { "$from/$_" } "${trashEntry.owner}", "${trashEntry.limits}", "${trashEntry.renamedFrom}";
rmdir $from;
flush();
`;
