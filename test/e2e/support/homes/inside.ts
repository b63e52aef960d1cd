import type { Lab } from "../lab.js";

const storage = "/srv/swarmhub";

/** Reads and changes homes directly, in a class whose manager, guest 1, has the storage. */
export const homesIn = ({ on, write }: Lab) => ({
  /** The usage and the hard limit of a home's project in XFS, in KiB. */
  account: async (home: string): Promise<{ used: number; hard: number }> => {
    const line = await on(
      1,
      `id=$(xfs_io -r -c lsproj ${storage}/homes/${home} | cut -d' ' -f3)
       xfs_quota -D /dev/null -P /dev/null -x -c 'report -p -n -N -b' ${storage} | grep "^#$id "`,
    );
    const [, used, , hard] = line.trim().split(/\s+/);
    return { used: Number(used), hard: Number(hard) };
  },
  /** Runs a command that fills a home as its user. */
  fill: (home: string, command: string): Promise<string> =>
    on(
      1,
      `cd ${storage}/homes/${home} && setpriv --reuid 1000 --regid 100 --clear-groups ${command} 2>/dev/null || true`,
    ),
  /** Awaits a call of the hub's code in the hub's container, with its mount; returns the time at its end (seconds since 1970). */
  inHub: async (call: string): Promise<number> => {
    const program = [
      "import asyncio, os, sys, time",
      "from pathlib import Path",
      "sys.path.insert(0, '/app')",
      "from swarmhub.homes.provisioning import prepare_home",
      "from swarmhub.slug import slug",
      "storage = Path('/storage')",
      `async def main(): await ${call}`,
      "asyncio.run(main())",
      "print(time.time())",
    ];
    await write(1, "/root/in-hub.py", `${program.join("\n")}\n`);
    return Number(
      await on(
        1,
        `docker exec -i $(docker ps -q -f name=hub.1) python3 - </root/in-hub.py 2>/root/in-hub.err ||
         { tail -n 1 /root/in-hub.err >&2; exit 1; }`,
      ),
    );
  },
});
