import { paths } from "../../paths.js";

/**
 * A shell script that prints "other-export LINE" for each export that is not ours: of the running server, and in the files that it
 * reads at its next start.
 */
export const otherExportsScript = `{
  exportfs -s 2>/dev/null
  for file in /etc/exports /etc/exports.d/*.exports; do
    [ "$file" = ${paths.exports} ] || cat "$file"
  done 2>/dev/null
} | grep '^["/]' | grep -v '^"\\{0,1\\}${paths.storage}["[:space:]]' | sed 's/^/other-export /'`;
