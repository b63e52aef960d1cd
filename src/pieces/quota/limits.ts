import type { Config, KeptStorage } from "../../config.js";
import type { Facts } from "../../facts.js";
import type { Host } from "../../host.js";
import { paths } from "../../paths.js";
import { slugOf } from "../../slug.js";
import type { Step } from "../../step.js";
import { writeScript } from "../shared/file.js";

/** The step that writes what the watcher gives each home; a watcher that runs reads it at once. */
export const limitsSteps = (
  storage: KeptStorage,
  login: Config["login"],
  host: Host,
  { files }: Facts,
): Step[] => {
  const content = limitsFile(storage, login);
  if (files[paths.limits] === content) return [];
  return [
    {
      host,
      title: `write ${paths.limits}`,
      // Never into the folder under the mount.
      run: () =>
        host.script(
          `set -e\nmountpoint -q ${paths.storage}\n${writeScript({ path: paths.limits, content, mode: 0o644 })}`,
        ),
    },
  ];
};

/** `limits.json`: bytes and files of every home, and the bytes of those whose owners are in a group with a quota. */
export const limitsFile = (
  { quota, files, trashDays }: KeptStorage,
  login: Config["login"],
): string => {
  const homes = Object.entries(quota.groups).flatMap(([group, bytes]) =>
    (login.groups[group] ?? []).map((user) => [slugOf(user), { bytes }] as const),
  );
  const limits = {
    bytes: quota.default,
    files,
    homes: Object.fromEntries(homes.toSorted(([one], [other]) => (one < other ? -1 : 1))),
    trashDays,
  };
  return `${JSON.stringify(limits, null, 2)}\n`;
};
