/** What can be wrong with the storage when somebody new logs in, how it is brought about on its host, and what they read. */
export type Fault = {
  breaks: string;
  mends: string;
  says: RegExp;
  /** What the hub's log says of it. */
  log: RegExp;
  /** A home that is there is started from all the same. */
  sparesOldUsers?: boolean;
};

const storage = "/srv/swarmhub";

/** By what the sentence says; `user` is the one who logs in. */
export const faults: Record<string, (user: string) => Fault> = {
  "the watcher is away": (user) => ({
    breaks: "docker stop homes-quota",
    mends: "docker start homes-quota",
    says: /no size limit yet because the quota watcher does not respond/,
    log: new RegExp(`pending/${user} still exists`),
    sparesOldUsers: true,
  }),
  "the disk is full": () => ({
    // Half of what is left, again and again: XFS does not give all of it to one file. Last the inodes that it has in stock.
    breaks: `cd ${storage}
      left() { df -B1 --output=avail . | tail -n 1; }
      for i in $(seq 30); do [ $(left) -lt 100000 ] || fallocate -l $(($(left) / 2)) fill-$i; done
      dd if=/dev/zero of=fill-last bs=4k oflag=direct 2>/dev/null
      seq -f fill-inode-%g 4000 | xargs touch 2>/dev/null || true`,
    mends: `find ${storage} -maxdepth 1 -name 'fill-*' -delete`,
    says: /The disk with the home folders is full/,
    log: /No space left on device/,
    sparesOldUsers: true,
  }),
  "the disk is read-only": () => ({
    breaks: `mount -o remount,ro ${storage}`,
    mends: `mount -o remount,rw ${storage}`,
    says: /The disk with the home folders is read-only/,
    log: /Read-only file system/,
    sparesOldUsers: true,
  }),
  "the disk is not mounted": () => ({
    breaks: `exportfs -ua; umount -l ${storage}; exportfs -ra`,
    mends: `mount ${storage}; exportfs -ra`,
    // The server holds its answer back: the disk might yet come.
    says: /The storage for home folders does not respond|The disk with the home folders is missing/,
    log: /no response in|Stale file handle|is missing/,
  }),
  "the storage does not answer": () => ({
    breaks: "systemctl stop nfs-server",
    mends: "systemctl start nfs-server",
    says: /The storage for home folders does not respond/,
    log: /no response in/,
  }),
  "the home is somebody else's": (user) => ({
    breaks: `echo '{"user": "eve"}' >${storage}/owners/${user}`,
    mends: `rm ${storage}/owners/${user}`,
    says: /belongs to another user/,
    log: new RegExp(`names the owner 'eve', but the user is '${user}'`),
  }),
};
