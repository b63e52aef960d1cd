import { CommandError, UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";

/** A home that was deleted and can still be had back. */
export type Trashed = { entry: string; home: string; user: string | undefined; deleted: Date };

/** Reads what the look at the homes says of the trash: "trash ENTRY 1 NOTE". */
export const trashFrom = (
  [what, entry = "", whole, note]: readonly string[],
  userFrom: (note: string | undefined) => string | undefined,
): Trashed[] => {
  const [, home, date, time] = /^([^.]+)\.(\d{8})T(\d{6})Z$/.exec(entry) ?? [];
  if (what !== "trash" || whole !== "1" || home === undefined) return [];
  const iso = `${date?.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time?.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
  return [{ entry, home, user: userFrom(note), deleted: new Date(iso) }];
};

/** When the watcher erases it for good. */
export const keptUntil = ({ deleted }: Pick<Trashed, "deleted">, trashDays: number): Date =>
  new Date(deleted.getTime() + trashDays * 86_400_000);

/**
 * Moves a home, its owner's note and its limits to the trash; answers the name of the entry there. By rename alone: what
 * cannot be renamed would be copied, and the copy would be nobody's.
 */
export const moveToTrash = async (storage: Host, home: string): Promise<string> => {
  const answer = await perl(storage, trashProgram, home);
  return answer.trim();
};

/**
 * Brings an entry of the trash back under its old name. XFS renames into homes/, which hands its project id on, only what
 * has that id already (else EXDEV): the folder takes it, and the watcher then gives it and all in it an id anew. What is
 * in it keeps the old id and limit until then, what is made in it meanwhile falls under the parent's small one, and the
 * mark, which is set first, keeps the owner's server from starting.
 */
export const bringBack = async (storage: Host, entry: string, home: string): Promise<void> => {
  await perl(storage, restoreProgram, entry, home);
};

const perl = async (storage: Host, program: string, ...words: string[]): Promise<string> => {
  try {
    return await storage.run(["perl", "-e", shared + program, paths.storage, ...words], {
      title: "change the trash",
      timeout: 60_000,
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.output.code !== refusal) throw error;
    throw new UserError(error.output.stderr.trim(), { host: storage.name });
  }
};

const refusal = 9;

const shared = `
use strict;
use POSIX ();
use Fcntl;
my $root = shift;
chdir $root or refuse("$root: $!");
-d "homes" && -d "trash" or refuse("$root: the folders homes and trash are not both there; \`swarmhub up\` makes them");
my $mark;
sub refuse { unlink $mark if defined $mark; print STDERR "$_[0]\\n"; exit ${refusal} }
sub move { rename $_[0], $_[1] or refuse("$root: $_[0] cannot become $_[1]: $!") }
sub settle { system("sync", "-f", ".") }
`;

const trashProgram = `
my ($home) = @ARGV;
lstat "homes/$home" or refuse("$root/homes/$home: $!");
my $entry = POSIX::strftime("$home.%Y%m%dT%H%M%SZ", gmtime);
mkdir "trash/$entry", 0700 or refuse("$root/trash/$entry: $!");
rename "homes/$home", "trash/$entry/home"
  or do { my $why = $!; rmdir "trash/$entry"; refuse("$root/homes/$home cannot be moved to the trash: $why") };
move("owners/$home", "trash/$entry/owner") if -e "owners/$home";
move("limits/$home", "trash/$entry/limit") if -e "limits/$home";
unlink "pending/$home";
settle();
print "$entry\\n";
`;

const restoreProgram = `
my ($entry, $home) = @ARGV;
-d "trash/$entry/home" or refuse("$root/trash/$entry holds no home");
lstat "homes/$home" and refuse("$root/homes/$home is there already");
open my $made, ">", "pending/$home" or refuse("$root/pending/$home: $!");
close $made;
$mark = "pending/$home";
settle();
# FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR of linux/fs.h: flags first (0x200: inherits), the project id fourth.
my ($parent, $own) = (pack("L7"), pack "L7");
sysopen my $homes, "homes", O_RDONLY or refuse("$root/homes: $!");
sysopen my $back, "trash/$entry/home", O_RDONLY | O_NOFOLLOW or refuse("$root/trash/$entry/home: $!");
if (ioctl $homes, 0x801c581f, $parent and (unpack "L", $parent)[0] & 0x200) {
  ioctl $back, 0x801c581f, $own or refuse("$root/trash/$entry/home: $!");
  my @changed = unpack "L7", $own;
  $changed[3] = (unpack "L7", $parent)[3];
  ioctl $back, 0x401c5820, pack "L7", @changed or refuse("$root/trash/$entry/home does not take another project id: $!");
}
move("trash/$entry/owner", "owners/$home") if -e "trash/$entry/owner" && !-e "owners/$home";
move("trash/$entry/limit", "limits/$home") if -e "trash/$entry/limit" && !-e "limits/$home";
move("trash/$entry/home", "homes/$home");
unlink "trash/$entry/owner", "trash/$entry/limit";
rmdir "trash/$entry";
settle();
`;
