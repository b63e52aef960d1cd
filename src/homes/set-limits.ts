import type { OwnLimits } from "../../contracts/limits.js";
import type { Config, PersistentStorage } from "../config/types.js";
import type { Host } from "../host/host.js";
import { slugOf } from "../names.js";
import { paths } from "../paths.js";

/**
 * Writes what `quota set` says of homes, so that each file has its old content or its new one, also after the plug was
 * pulled; undefined takes the file away. As many processes for 10,000 homes as for one.
 */
export const writeOwnLimits = async (
  storage: Host,
  limits: ReadonlyMap<string, OwnLimits | undefined>,
): Promise<void> => {
  const lines = [...limits].map(([name, own]) =>
    own === undefined ? name : `${name} ${JSON.stringify(own)}`,
  );
  await storage.run(["perl", "-e", writingProgram, `${paths.storage}/limits`], {
    input: `${lines.join("\n")}\n`,
    title: "write the limits",
    timeout: 60_000,
  });
};

const writingProgram = `
use strict;
my $folder = shift;
chdir $folder or die "$folder: $!\\n";
my (@made, @gone);
while (<STDIN>) {
  chomp;
  my ($name, $limits) = split / /, $_, 2;
  if (!defined $limits) { push @gone, $name; next }
  open my $file, ">", ".$name.new" or die "$folder/.$name.new: $!\\n";
  print $file "$limits\\n" and close $file or die "$folder/.$name.new: $!\\n";
  push @made, $name;
}
# What is renamed before it is on the disk may be empty after a power cut.
sub settle { system("sync", "-f", ".") == 0 or die "sync $folder failed\\n" }
settle() if @made;
for (@made) { rename ".$_.new", $_ or die "$folder/$_: $!\\n" }
for (@gone) { unlink $_ or $!{ENOENT} or die "$folder/$_: $!\\n" }
settle();
`;

/** `limits.json`: bytes and files of every home, and the bytes of those whose owners are in a group with a quota. */
export const limitsFile = (
  { quota, files, trashDays }: PersistentStorage,
  login: Config["login"],
): string => {
  const homes = Object.entries(quota.groups).flatMap(([group, bytes]) =>
    (login.groups[group] ?? []).map((user) => [slugOf(user), { bytes }] as const),
  );
  const limits = {
    bytes: quota.default,
    files,
    homes: Object.fromEntries(homes.toSorted(([one], [other]) => (one < other ? -1 : 1))),
    trashDays,
  };
  return `${JSON.stringify(limits, null, 2)}\n`;
};
