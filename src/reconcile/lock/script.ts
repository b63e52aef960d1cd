import { posix } from "node:path";
import { quote } from "../../text/shell.js";
import type { Holder } from "./holder.js";

/** The lock is a folder of this name. */
export const lockName = "lock";

/** A holder that was silent for longer than this, by the manager's own clock, is taken to be dead. */
export const staleAfterSeconds = 60;

/**
 * Takes the lock if it is free, stale or `dismissed` holds it (a token). Answers "taken", or who held it:
 * "replaced" or "held SECONDS TOKEN", and the holder's note in the second line.
 */
export const acquireScript = (folder: string, holder: Holder, dismissed: string): string =>
  `${alone(folder, holder)}
result=taken
if [ -d "$lock" ]; then
  now=$(date +%s)
  silent=$((now - $(stat -c %Y "$lock/heartbeat" 2>/dev/null || echo 0)))
  if [ "$silent" -le ${staleAfterSeconds} ] && [ "$(cat "$lock/token" 2>/dev/null)" != ${quote(dismissed)} ]; then
    echo "held $((now - $(stat -c %Y "$lock/token"))) $(cat "$lock/token")"
    cat "$lock/holder.json"
    exit 0
  fi
  result=replaced
fi
echo "$result"
if [ "$result" = replaced ]; then cat "$lock/holder.json" 2>/dev/null || echo; rm -rf "$lock"; fi
place`;

/** Says that the holder lives. Answers "lost" when the lock is another's by now. */
export const refreshScript = (folder: string, holder: Holder): string =>
  `${alone(folder, holder)}
if [ ! -d "$lock" ]; then place
elif [ "$(cat "$lock/token")" = "$token" ]; then touch "$lock/heartbeat"
else echo lost
fi`;

/** Gives the lock back, if it is still the holder's, and leaves no empty folder behind. */
export const releaseScript = (folder: string, holder: Holder): string =>
  `${alone(folder, holder)}
if [ "$(cat "$lock/token" 2>/dev/null)" = "$token" ]; then rm -rf "$lock"; fi
rmdir "$folder" 2>/dev/null || true`;

/** Names, and the way to be the only one who looks and changes: flock on the folder above, which is always there. */
const alone = (folder: string, holder: Holder): string => {
  const { token, ...others } = holder;
  return `set -eu
folder=${quote(folder)}
lock="$folder/${lockName}"
token=${quote(token)}
holder=${quote(JSON.stringify({ token, ...others }).slice(1))}
exec 9<${quote(posix.dirname(folder))}
flock -w 15 9 || { echo "another look at the lock does not end" >&2; exit 1; }
place() {
  mkdir -p "$folder"
  mkdir "$lock"
  printf '{"since":"%s",%s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$holder" >"$lock/holder.json"
  : >"$lock/heartbeat"
  printf '%s\\n' "$token" >"$lock/token"
}`;
};
