import { storageFolders, trashEntry } from "../../contracts/storage-folders.js";
import type { OwnerNote } from "../../contracts/storage-notes.js";
import type { Host } from "../host/host.js";
import { restoreFromTrash, runOnHomes } from "./trash.js";

/** A home that gets another owner and with that another name; `from` are the names that it may have had. */
export type Renaming = { from: readonly string[]; to: string; user: string };

/**
 * Moves a home with its owner's note and its own limits to another name, through the trash: XFS renames a folder into `homes/`, even
 * within it, only with the project id of that folder (`restoreFromTrash`). Each run continues where another one was killed. `onMoved`
 * is called when nothing is left under the former name. Throws a UserError if there is nothing to rename, or the new name has a home.
 */
export const renameHome = async (
  storage: Host,
  { from, to, user }: Renaming,
  onMoved: () => Promise<void>,
): Promise<void> => {
  const notes: OwnerNote[] = [{ user }, { user, firstFiles: "missing" }];
  const words = [from.join(","), to, ...notes.map((note) => JSON.stringify(note))];
  const entry = (await runOnHomes(storage, "rename a home", renameProgram, ...words)).trim();
  await onMoved();
  if (entry !== "") await restoreFromTrash(storage, { entry, home: to });
};

const { homes, owners, limits, groups, pending, trash, handouts } = storageFolders;
const { home, owner, limits: ownLimits, renamedFrom } = trashEntry;

// The entry in the trash is that of a home of the new name: whoever finds it there after an interruption can also restore it. What is
// written into it before the home is moved there is written again by the next run. The hub's account can put anything into owners/, so
// links are not followed and only small files are read.
const renameProgram = `
my ($from, $new, $note, $note_without_first_files) = @ARGV;
my @from = split /,/, $from;
sub content {
  sysopen my $file, $_[0], O_RDONLY | O_NOFOLLOW | O_NONBLOCK or return "";
  sysread $file, my $text, 4096;
  $text // "";
}
sub write_file {
  my ($path, $text) = @_;
  open my $file, ">", "$path.new" or refuse("$root/$path.new: $!");
  print $file "$text\\n";
  close $file or refuse("$root/$path.new: $!");
  move("$path.new", $path);
}
sub names { opendir my $folder, $_[0] or return; grep { !/^\\.\\.?\\z/ } readdir $folder }
my ($old) = grep { lstat "${homes}/$_" } @from;
my ($to, $is_started);
for my $entry (grep { /^\\Q$new\\E\\.\\d{8}T\\d{6}Z\\z/ } names("${trash}")) {
  my ($former) = content("${trash}/$entry/${renamedFrom}") =~ /^(\\S+)\\n\\z/;
  my $is_ours = defined $former && grep { $_ eq $former } @from;
  ($to, $is_started, $old) = ("${trash}/$entry", 1, $former) if $is_ours;
  $to //= "${trash}/$entry" if !grep { $_ ne "${renamedFrom}.new" } names("${trash}/$entry");
}
my $is_moved = $is_started && -d "$to/${home}";
if (!$is_moved && !(defined $old && lstat "${homes}/$old")) {
  lstat "${homes}/$new" or refuse("$from[0] has no home");
  # An empty entry: the last run was stopped just before its end.
  defined $to or refuse("$from[0] has no home, and $new has one: they may have been renamed before");
  unlink map { "$to/$_" } names($to);
  rmdir $to;
  exit;
}
lstat "${homes}/$new" and refuse("$root/${homes}/$new already exists");
if (!$is_moved) {
  if (!defined $to) {
    $to = "${trash}/" . POSIX::strftime("$new.%Y%m%dT%H%M%SZ", gmtime);
    mkdir $to, 0700 or refuse("$root/$to: $!");
  }
  write_file("$to/${renamedFrom}", $old);
  my $is_new = content("${owners}/$old") =~ /"firstFiles": *"missing"/;
  write_file("$to/${owner}", $is_new ? $note_without_first_files : $note);
  my ($uid, $gid) = (lstat "${owners}/$old")[4, 5];
  chown $uid, $gid, "$to/${owner}" if defined $uid;
  chmod 0644, "$to/${owner}";
  unlink "$to/${ownLimits}";
  link "${limits}/$old", "$to/${ownLimits}" or refuse("$root/${limits}/$old: $!") if -e "${limits}/$old";
  # Left by a start that failed; these belong to no home.
  unlink "${owners}/$new", "${limits}/$new", "${groups}/$new";
  system("rm", "-rf", "--", "${handouts}/homes/$new") == 0 or refuse("$root/${handouts}/homes/$new cannot be removed");
  flush();
  move("${homes}/$old", "$to/${home}");
}
if (!lstat "${homes}/$old") {
  # Else files would come again that their owner has deleted.
  move("${handouts}/homes/$old", "${handouts}/homes/$new") if -d "${handouts}/homes/$old";
  unlink "${owners}/$old", "${limits}/$old", "${groups}/$old", "${pending}/$old";
}
flush();
print $to =~ m{([^/]+)\\z}, "\\n";
`;
