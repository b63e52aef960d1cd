import { paths } from "../../paths.js";
import { quote } from "../../quote.js";

/** Our folders on the disk. The hub writes homes by NFS, as the users' account; limits and trash are out of its reach. */
export const storageFolders = [
  { name: "homes", owner: "1000:100", mode: "755" },
  { name: "owners", owner: "1000:100", mode: "755" },
  { name: "pending", owner: "1000:100", mode: "755" },
  { name: "fenced", owner: "1000:100", mode: "755" },
  { name: "limits", owner: "0:0", mode: "755" },
  { name: "trash", owner: "0:0", mode: "700" },
] as const;

/** A script that looks at the configured disk (or file), at what is mounted for the homes, and where nothing is, at all disks. */
export const lookScript = (given: string): string => `
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
# As the list of disks has it: /dev/mapper/… of a logical volume, whatever link was given.
name_of() { lsblk -dnpro NAME "$1" 2>/dev/null || readlink -m "$1"; }
# What is on the disk itself: udev's word on it, which lsblk repeats, can be of yesterday.
probe() {
  found=$(blkid -p -o export "$1") # 2: nothing; 8: signatures of several things
  case $? in
  0) echo "probed $1"; echo "$found" | sed 's/^/probe /' ;;
  2) echo "probed $1" ;;
  *) echo "probed $1"; echo "probe TYPE=something that blkid cannot name" ;;
  esac
}
path=$(name_of ${quote(given)})
echo "path $path"
if [ -b "$path" ]; then probe "$path"; fi
[ -f ${paths.storageFile} ] && stat -c 'file %s' ${paths.storageFile}
# Not mountpoint or findmnt: they ask the file system itself, and one that shut itself down answers nobody.
source=$(awk '$2 == "${paths.storage}" { last = $1 } END { print last }' /proc/self/mounts)
if [ -n "$source" ]; then
  echo "source $(name_of "$source")"
  echo "source $(losetup -nO BACK-FILE "$source" 2>/dev/null)"
  echo "room $(blockdev --getsize64 "$source" 2>/dev/null)"
  if cd ${paths.storage} && ls >/dev/null; then
    echo answers
    stat -c 'folder %n %u:%g %a' ${storageFolders.map(({ name }) => name).join(" ")}
    stat -f -c '%a %S' . | { read -r blocks size; echo "free $((blocks * size))"; }
    # What statfs says of the size leaves the log out.
    xfs_growfs -n ${paths.storage} | sed -n 's/^data .*bsize=\\([0-9]*\\) *blocks=\\([0-9]*\\),.*/block \\1\\nblocks \\2/p'
    cd /
  fi 2>/dev/null
fi
if [ -z "$source" ] || ! [ -b "$source" ]; then
  lsblk -rnpo NAME,TYPE | sort -u | while read -r name type; do
    case $type in disk | part | lvm | raid* | crypt | mpath) [ "$name" = "$path" ] || probe "$name" ;; esac
  done
fi
exportfs -s 2>/dev/null | grep -q '^${paths.storage} ' && echo exported
exit 0`;
