import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// sockaddr_un has 104 bytes on macOS, 108 on Linux, with the NUL; ssh first makes its socket under a name that is 17 longer (mux.c).
const longestSocketPath = 103;
const prefix = "swarmhub-";
const longestName = "control".length + 1 + 17;

/** Makes a folder that only the operator can enter (0700), with a path so short that unix sockets in it have a name. */
export const privateFolder = async (preferred = tmpdir()): Promise<string> => {
  const isShort = join(preferred, prefix).length + 6 + longestName <= longestSocketPath;
  // ssh reads "%h" in such a path, a colon between two of them, and a space between two files.
  const isPlain = /^[\w./+-]+$/.test(preferred);
  return mkdtemp(join(isShort && isPlain ? preferred : "/tmp", prefix));
};
