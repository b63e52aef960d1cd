import { posix } from "node:path";
import { paths } from "../../paths.js";

const { dockerFolder: folder, scratchFile: file, scratchNote: note } = paths;

const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

/** The mount of Docker's data. It is at the whole folder: Docker unmounts overlay2, and all below it, when it stops. */
export const mountUnit = `${written}
[Unit]
Description=Docker's data of the swarmhub class, with a limit for each container
RequiresMountsFor=${posix.dirname(file)}

[Mount]
What=${file}
Where=${folder}
Type=xfs
Options=loop,prjquota
`;

/** Without the mount Docker does not start, rather than fill the disk of the system. */
export const needUnit = `${written}
[Unit]
RequiresMountsFor=${folder}
`;

const unit = posix.basename(paths.scratchMount);
const stop = "systemctl stop docker.socket docker.service";
// systemd does not start a unit that failed too often until its failures are reset.
const start = `systemctl daemon-reload
systemctl reset-failed docker.service 2>/dev/null || true
systemctl enable --now docker.service`;

/**
 * Notes what a container sees, since a Docker that ignores the limit does not say so (containerd's image store): the size of "/", by
 * this machine's own df in an image of nothing else.
 */
export const proofScript = `export LC_ALL=C
df=$(command -v df)
image=$({ echo "$df"; ldd "$df" | grep -o '/[^ )]*'; } | tar -chf - -T - 2>/dev/null | timeout 60 docker import - 2>/dev/null)
seen=$(timeout 60 docker run --rm --network none "$image" "$df" -B1 --output=size / 2>/dev/null | tail -n 1 | tr -cd 0-9)
timeout 60 docker image rm -f "$image" >/dev/null 2>&1
echo "seen \${seen:-nothing}" >>${note}
`;

type SetUp = { limit: number; file: number | undefined; write: string; restore: string };

/**
 * Moves Docker, which holds nothing yet, to a file system of its own, and prints "failed REASON" after it has put everything back.
 * `write` writes the units and daemon.json, and `restore` takes our settings out of it again.
 */
export const setUpScript = ({ limit, file: size, write, restore }: SetUp): string => `
export LC_ALL=C
mkdir -p ${paths.configuration}
attempt() (
set -e
${stop}
for each in ${folder}/containers/* ${folder}/volumes/*/ ${folder}/image/*/imagedb/content/sha256/* ${folder}/swarm/docker-state.json; do
  if [ -e "$each" ]; then echo "Docker has data already: $each" >&2; exit 1; fi
done
${size === undefined ? "" : makeFile(size)}
${write}
systemctl daemon-reload
${size === undefined ? "" : `systemctl start ${unit}`}
mountpoint -q ${folder} || { echo "${folder} is not mounted" >&2; exit 1; }
chmod 710 ${folder}
${start}
)
undo() {
${stop} 2>/dev/null
${size === undefined ? "" : `systemctl stop ${unit} 2>/dev/null\nif mountpoint -q ${folder}; then umount ${folder}; fi`}
rm -f ${file} ${file}.new ${paths.scratchMount} ${paths.scratchNeed}
rmdir ${posix.dirname(paths.scratchNeed)} ${posix.dirname(file)} 2>/dev/null
${restore}
${start}
}
errors=$(mktemp)
attempt >/dev/null 2>"$errors"
code=$?
reason=$(tail -n 1 "$errors" | tr -cd 'A-Za-z0-9 .,:;/_=()-' | cut -c1-200)
rm -f "$errors"
if [ $code -ne 0 ]; then
  undo >&2
  printf '%s\\nfailed %s\\n' '${written}' "\${reason:-without a reason}" >${note}
  sed -n '/^failed/p' ${note}
  exit 0
fi
printf '%s\\nlimit %s\\n' '${written}' ${limit} >${note}
${proofScript}`;

// Fully allocated: a sparse file could fill the disk of the system while the class is up.
const makeFile = (size: number): string => `if ! mountpoint -q ${folder}; then
  mkdir -p ${posix.dirname(file)} ${folder}
  rm -f ${file} ${file}.new
  fallocate -l ${size} ${file}.new
  chmod 600 ${file}.new
  mkfs.xfs -q -L swarmhub-tmp ${file}.new
  mv ${file}.new ${file}
  find ${folder} -xdev -mindepth 1 -delete
fi`;
