import { quote, quoteAll } from "../text/shell.js";

/** What `buildScript` builds; `folder` has `context`, a tar archive, and `docker`, the configuration of the docker command. */
type ScriptOptions = {
  folder: string;
  builder: "buildx" | "built-in";
  tag: string;
  labels: Record<string, string>;
};

/**
 * A script that builds an image and ends the build when its stdin ends, which a lost connection does too. A signal would not
 * reach it: sshd passes none on through sudo, and a build whose ssh client was killed went on (measured).
 */
export const buildScript = ({ folder, builder, tag, labels }: ScriptOptions): string => {
  const command = [
    ...(builder === "buildx"
      ? // Attestations would make an index of the image, with an entry of an unknown processor.
        ["docker", "buildx", "build", "--builder", "default", "--provenance=false"]
      : ["docker", "build"]),
    "--progress=plain",
    "--tag",
    tag,
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    "-",
  ];
  return `trap 'rm -rf ${quote(folder)}' EXIT
trap 'exit 129' HUP
trap 'exit 143' TERM
export DOCKER_CONFIG=${quote(`${folder}/docker`)} DOCKER_BUILDKIT=1
# A shell gives the jobs in its background an empty stdin, and the file has to be opened before the folder is removed.
exec 3<&0
${quoteAll(command)} <${quote(`${folder}/context`)} 3<&- &
build=$!
# Without a process of its own that would outlive it, hence no cat.
{
  while read -r _; do :; done
  kill -INT $build
  exec </dev/null
  sleep 10
  kill -KILL $build
} <&3 3<&- >/dev/null 2>&1 &
reader=$!
exec 3<&-
wait $build
code=$?
kill $reader
# What builds leave for the next one is bounded, as nothing else removes it.
[ $code -ne 0 ] || docker builder prune --force --keep-storage ${keptCache} >/dev/null 2>&1
exit $code`;
};

const keptCache = "10GB";
