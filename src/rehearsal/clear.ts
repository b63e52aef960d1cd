import { allRehearsalNames } from "../../contracts/rehearsal.js";
import { storageFolders } from "../../contracts/storage-folders.js";
import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { labelFilter, labels, slugOf, volumePrefix } from "../names.js";
import { paths } from "../paths.js";
import { removeWhenUnused } from "../swarm/retry.js";
import { rehearsalHub } from "./hub.js";

/** What was removed. */
export type Cleared = { homes: number; volumes: number };

/**
 * Removes all that rehearsals have left: servers and users, then volumes on every machine, then homes with their notes and limits, without
 * the trash. Nothing of anybody else is touched, and a second call finds nothing. Throws a UserError if something could not be removed.
 */
export const clearRehearsal = async (cluster: Cluster): Promise<Cleared> => {
  const left = await rehearsalHub(cluster).end();
  if (left.length > 0)
    throw new UserError(`the servers of ${left.slice(0, 5).join(", ")} did not stop in time`, {
      hint: "to try again, type: swarmhub rehearse --clear",
    });
  const homes = allRehearsalNames().map(slugOf);
  const removed = await Promise.all(
    cluster.nodes.map((host) => removeVolumes(cluster, host, homes)),
  );
  const volumes = removed.reduce((sum, count) => sum + count, 0);
  const { storage } = cluster;
  return { volumes, homes: storage === undefined ? 0 : await removeHomes(storage, homes) };
};

/** A volume of NFS has the name and the address of a home, on each machine where its server ran. */
const removeVolumes = async (
  { config }: Cluster,
  host: Host,
  homes: readonly string[],
): Promise<number> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return 0;
  const ours = new Set(homes);
  const filters = { label: labelFilter(config.name) };
  const { Volumes: volumes } = await host.docker.listVolumes({ filters });
  const names = (volumes ?? [])
    .filter(
      ({ Name, Labels }) => Name.startsWith(volumePrefix) && ours.has(Labels?.[labels.user] ?? ""),
    )
    .map(({ Name }) => Name);
  await Promise.all(
    names.map((name) => removeWhenUnused(() => host.docker.getVolume(name).remove())),
  );
  return names.length;
};

/** Returns how many homes there were. The watcher takes their limits away, as it does for all homes that are gone. */
const removeHomes = async (storage: Host, homes: readonly string[]): Promise<number> => {
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
