/** A fault of the storage at the first login of a user: scripts that inject and repair it on the host, and its messages. */
export type Fault = {
  inject: string;
  repair: string;
  /** The message for the user. */
  message: RegExp;
  /** The message in the hub's log. */
  log: RegExp;
  /** Users with a home can still start. */
  oldUsersCanStart?: boolean;
};

const storage = "/srv/swarmhub";

/** The faults by the words of a test title; `user` is the user who logs in. */
export const faults: Record<string, (user: string) => Fault> = {
  "the watcher is stopped": (user) => ({
    inject: "docker stop warm-quota",
    repair: "docker start warm-quota",
    message: /no size limit yet because the quota watcher does not respond/,
    log: new RegExp(`pending/${user} still exists`),
    oldUsersCanStart: true,
  }),
  "the disk is full": () => ({
    // Takes half of the free space again and again: XFS does not give all of it to one file. Then takes the inodes that XFS has reserved.
    inject: `cd ${storage}
      free() { df -B1 --output=avail . | tail -n 1; }
      for i in $(seq 30); do [ $(free) -lt 100000 ] || fallocate -l $(($(free) / 2)) fill-$i; done
      dd if=/dev/zero of=fill-last bs=4k oflag=direct 2>/dev/null
      seq -f fill-inode-%g 4000 | xargs touch 2>/dev/null || true`,
    repair: `find ${storage} -maxdepth 1 -name 'fill-*' -delete`,
    message: /The disk with the home folders is full/,
    log: /No space left on device/,
    oldUsersCanStart: true,
  }),
  "the disk is read-only": () => ({
    inject: `mount -o remount,ro ${storage}`,
    repair: `mount -o remount,rw ${storage}`,
    message: /The disk with the home folders is read-only/,
    log: /Read-only file system/,
    oldUsersCanStart: true,
  }),
  "the disk is not mounted": () => ({
    inject: `exportfs -ua; umount -l ${storage}; exportfs -ra`,
    repair: `mount ${storage}; exportfs -ra`,
    // The server delays its answer, because the disk may still be mounted.
    message:
      /The storage for home folders does not respond|The disk with the home folders is missing/,
    log: /no response in|Stale file handle|is missing/,
  }),
  "the storage does not answer": () => ({
    inject: "systemctl stop nfs-server",
    repair: "systemctl start nfs-server",
    message: /The storage for home folders does not respond/,
    log: /no response in/,
  }),
  "the home belongs to another user": (user) => ({
    inject: `echo '{"user": "eve"}' >${storage}/owners/${user}`,
    repair: `rm ${storage}/owners/${user}`,
    message: /belongs to another user/,
    log: new RegExp(`names the owner 'eve', but the user is '${user}'`),
  }),
};
