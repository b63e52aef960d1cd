import { type Limits, type OwnLimits, highestQuota } from "../../contracts/limits.js";
import { sharedHome, storageFolders } from "../../contracts/storage-folders.js";
import type { Config, PersistentStorage } from "../config/types.js";
import type { Host } from "../host/host.js";
import { homeNamesOf } from "../names.js";
import { paths } from "../paths.js";

/**
 * Writes the own limits of homes; undefined removes the file. Each file has its old content or its new one, also after a power
 * cut. As many processes for 10,000 homes as for one.
 */
export const writeOwnLimits = async (
  storage: Host,
  limits: ReadonlyMap<string, OwnLimits | undefined>,
): Promise<void> => {
  const lines = [...limits].map(([name, own]) =>
    own === undefined ? name : `${name} ${JSON.stringify(own)}`,
  );
  await storage.run(["perl", "-e", writingProgram, `${paths.storage}/${storageFolders.limits}`], {
    input: `${lines.join("\n")}\n`,
    title: "write the limits",
    timeout: 60_000,
  });
};

const writingProgram = `
use strict;
my $folder = shift;
chdir $folder or die "$folder: $!\\n";
my (@written, @removed);
while (<STDIN>) {
  chomp;
  my ($name, $limits) = split / /, $_, 2;
  if (!defined $limits) { push @removed, $name; next }
  open my $file, ">", ".$name.new" or die "$folder/.$name.new: $!\\n";
  print $file "$limits\\n" and close $file or die "$folder/.$name.new: $!\\n";
  push @written, $name;
}
# A file that is renamed before it is on the disk may be empty after a power cut.
sub flush { system("sync", "-f", ".") == 0 or die "sync $folder failed\\n" }
flush() if @written;
for (@written) { rename ".$_.new", $_ or die "$folder/$_: $!\\n" }
for (@removed) { unlink $_ or $!{ENOENT} or die "$folder/$_: $!\\n" }
flush();
`;

/**
 * The limits that the configuration names: for every home, for those whose owners it or the roster puts into a group with a quota, and
 * for the groups of a provider. In several groups, the highest counts.
 */
export const configuredLimits = (
  { quota, files, shared, trashDays }: PersistentStorage,
  login: Config["login"],
): Limits => {
  const homes = new Map<string, number>(shared === undefined ? [] : [[sharedHome, shared]]);
  for (const [group, bytes] of Object.entries(quota.groups))
    for (const home of (login.groups[group] ?? []).flatMap(homeNamesOf))
      homes.set(home, highestQuota([homes.get(home), bytes]) ?? bytes);
  const sorted = [...homes].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    bytes: quota.default,
    files,
    homes: Object.fromEntries(sorted.map(([home, bytes]) => [home, { bytes }])),
    groups: quota.groups,
    trashDays,
  };
};

/** The content of `limits.json`. */
export const limitsFile = (limits: Limits): string => `${JSON.stringify(limits, null, 2)}\n`;
