import { storageFolders } from "../../contracts/storage-folders.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";

/**
 * Erases homes of rehearsals with their notes, limits and records, without the trash; returns how many there were. A home whose note names
 * somebody else stays. The watcher takes the limits in XFS away, as it does for all homes that are gone.
 */
export const eraseHomes = async (storage: Host, homes: readonly string[]): Promise<number> => {
  const program = ["perl", "-e", removeProgram, paths.storage, ...homes];
  const output = await storage.run(program, { title: "remove the homes", timeout: 600_000 });
  return output.split("\n").filter((line) => line !== "").length;
};

const { owners, limits, pending, handouts } = storageFolders;

// A note that names somebody else protects a home. The note goes last, so that a removal that was interrupted is found again.
const removeProgram = `
use strict;
my $root = shift;
exit 0 unless -d "$root/${storageFolders.homes}";
chdir $root or die "$root: $!\\n";
for my $home (@ARGV) {
  my $path = "${storageFolders.homes}/$home";
  my $note = "";
  if (open my $file, "<", "${owners}/$home") { read $file, $note, 4096 }
  next if $note eq "" && !lstat $path;
  next if $note ne "" && $note !~ /^\\{"user": "Rehearsal-[1-9][0-9]{0,2}"/;
  for my $folder ($path, "${handouts}/homes/$home") {
    next unless lstat $folder;
    system("rm", "-rf", "--one-file-system", "--", $folder) == 0 or die "$root/$folder cannot be removed\\n";
  }
  unlink "${limits}/$home", "${pending}/$home", "${owners}/$home";
  print "$home\\n";
}
`;
