import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { waitUntil } from "../../../src/wait.js";
import type { Lab } from "./lab.js";

/** A number of a guest that no guest of these labs has; its address is that of "another machine". */
type Place = number;

/**
 * Gives a guest the address that the guest number `place` would have, for good, and restarts Docker, as if the machine had been stopped
 * overnight and had got another lease. Returns the lab in which the guest is found there.
 */
export const changeAddress = async (lab: Lab, guest: number, place: Place): Promise<Lab> => {
  const [former, now] = [lab.address(guest), lab.address(place)];
  const [formerOutside, outside] = [lab.reachableAddress(guest), lab.reachableAddress(place)];
  // Later than the answer to this command, whose connection ends with the address.
  await lab.on(
    guest,
    `set -e
sed -i 's/lab\\.ip=\\*) ip=.*/lab.ip=*) ip=${now} ;;/' /usr/local/sbin/lab-identity
sed -i 's/^${former.replaceAll(".", "\\.")} /${now} /' /etc/hosts
card=$(ip -o -4 address show | sed -n 's|^[0-9]*: \\([^ ]*\\) *inet ${former}/.*|\\1|p')
cat >/run/change-address <<END
#!/bin/sh
ip address flush dev $card # the first address of a network takes the others with it
ip address add ${now}/24 dev $card
ip route replace default via ${now.replace(/\d+$/, "1")} dev $card
systemctl restart docker
END
systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms sh /run/change-address`,
  );
  await replaceIn(lab.sshConfig, (text) =>
    text.replace(`HostName ${formerOutside}\n`, `HostName ${outside}\n`),
  );
  await replaceIn(join(dirname(lab.sshConfig), "known_hosts"), (text) => {
    const key = text.split("\n").find((line) => line.startsWith(`${formerOutside} `));
    if (key === undefined) throw new Error(`no host key of ${formerOutside}`);
    const word = key.slice(formerOutside.length);
    return `${text}${outside}${word}\n${outside === now ? "" : `${now}${word}\n`}`;
  });
  await waitUntil(
    () =>
      lab
        .on(guest, "systemctl is-active docker")
        .then(() => true as const)
        .catch(() => undefined),
    {
      deadline: 120_000,
      every: 2000,
      otherwise: () => new Error(`node${guest} is not at ${outside}`),
    },
  );
  const movedTo =
    (address: Lab["address"]): Lab["address"] =>
    (each) =>
      address(each === guest ? place : each);
  return {
    ...lab,
    address: movedTo(lab.address),
    reachableAddress: movedTo(lab.reachableAddress),
  };
};

const replaceIn = async (path: string, change: (text: string) => string): Promise<void> =>
  writeFile(path, change(await readFile(path, "utf8")));
