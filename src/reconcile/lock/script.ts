import { posix } from "node:path";
import { quote } from "../../text/shell.js";
import type { Holder } from "./holder.js";

/** The name of the folder that is the lock. */
export const lockName = "lock";

/** A holder without a heartbeat for longer than this, by the manager's clock, counts as dead. */
export const staleAfterSeconds = 60;

/**
 * Takes the lock if it is free, stale, or held under the token `dismissed`. Prints "taken", "replaced" or
 * "held SECONDS TOKEN"; after the last two the holder's file follows on the second line.
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

/** Renews the heartbeat. Prints "lost" when another run holds the lock by now. */
export const refreshScript = (folder: string, holder: Holder): string =>
  `${alone(folder, holder)}
if [ ! -d "$lock" ]; then place
elif [ "$(cat "$lock/token")" = "$token" ]; then touch "$lock/heartbeat"
else echo lost
fi`;

/** Releases the lock if this holder still has it, and leaves no empty folder. */
export const releaseScript = (folder: string, holder: Holder): string =>
  `${alone(folder, holder)}
if [ "$(cat "$lock/token" 2>/dev/null)" = "$token" ]; then rm -rf "$lock"; fi
rmdir "$folder" 2>/dev/null || true`;

/** The variables, and mutual exclusion while the lock is read and changed: flock on the parent folder, which always exists. */
const alone = (folder: string, holder: Holder): string => {
  const { token, ...others } = holder;
  return `set -eu
folder=${quote(folder)}
lock="$folder/${lockName}"
token=${quote(token)}
holder=${quote(JSON.stringify({ token, ...others }).slice(1))}
exec 9<${quote(posix.dirname(folder))}
flock -w 15 9 || { echo "another process keeps the lock busy" >&2; exit 1; }
place() {
  mkdir -p "$folder"
  mkdir "$lock"
  printf '{"since":"%s",%s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$holder" >"$lock/holder.json"
  : >"$lock/heartbeat"
  printf '%s\\n' "$token" >"$lock/token"
}`;
};
