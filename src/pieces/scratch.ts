import { type Machines, inspectMachines } from "../cluster/machines.js";
import { type Scratch, scratchNote, scratchOf, scratchSettings } from "../cluster/scratch.js";
import { settingsFrom, textOf } from "../host/docker-settings.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { formatSize } from "../text/format.js";
import { mountUnit, needUnit, proofScript, setUpScript } from "./scratch/script.js";
import { writeScript } from "./shared/files.js";

/**
 * Gives Docker's data a file system of its own with a limit for each container, on machines that take users and whose Docker
 * swarmhub has just installed. Data that is there is never moved. What it makes goes when Docker is purged (pieces/packages).
 */
export const scratch: Piece<Machines> = {
  name: "scratch",
  inspect: inspectMachines,
  plan: (_want, machines, cluster) =>
    cluster.seatHosts.flatMap((host) => {
      const { facts } = machines(host);
      return stepsFor(host, facts, scratchOf(cluster, host, facts));
    }),
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const { limit } = scratchNote(facts);
      if (limit === undefined || !hasLimit(facts, limit)) return [];
      const title = "restore Docker's storage settings";
      return [{ host, title, run: () => host.script(`set -e\n${restoreScript(facts)}`) }];
    }),
};

const stepsFor = (host: Host, facts: Facts, found: Scratch): Step[] => {
  if (found.kind === "possible") return [setUpStep(host, facts, found)];
  if (found.kind !== "limited") return [];
  const { limit, seen } = found;
  const missing = filesFor(facts, limit, facts.files[paths.scratchMount] !== undefined).filter(
    ({ isThere }) => !isThere,
  );
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            host,
            title: "restore the limit of what servers write",
            detail: `${missing.map(({ path }) => path).join(", ")}; for Docker's next start`,
            run: () => host.script(["set -e", ...missing.map(writeScript), reloadUnits].join("\n")),
          },
        ]),
    ...(seen === undefined
      ? [
          {
            host,
            title: "look for the limit in a container",
            run: () => host.script(proofScript, { timeout: 300_000 }),
          },
        ]
      : []),
  ];
};

const reloadUnits = "systemctl daemon-reload";

type Possible = Extract<Scratch, { kind: "possible" }>;

const setUpStep = (host: Host, facts: Facts, { limit, file }: Possible): Step => ({
  host,
  title: `limit what each server writes outside its home to ${formatSize(limit)}`,
  detail:
    file === undefined
      ? `on the disk at ${paths.dockerFolder}`
      : `Docker's data goes to a file of ${formatSize(file)}, ${paths.scratchFile}`,
  run: async () => {
    const files = filesFor(facts, limit, file !== undefined);
    const output = await host.script(
      setUpScript({
        limit,
        file,
        write: files.map(writeScript).join("\n"),
        restore: restoreScript(facts),
      }),
      { timeout: 600_000 },
    );
    const [, failed] = /^failed (.+)$/m.exec(output) ?? [];
    return failed === undefined ? undefined : { note: `not possible here: ${failed}` };
  },
});

/** The files that set the limit up, and whether each is as it should be. */
const filesFor = (facts: Facts, limit: number, hasFile: boolean) => {
  const settings = settingsFrom(facts.files[paths.dockerConfiguration]) ?? {};
  const content = textOf({ ...settings, ...scratchSettings(limit) });
  const units = [
    ...(hasFile ? [{ path: paths.scratchMount, content: mountUnit }] : []),
    { path: paths.scratchNeed, content: needUnit },
  ].map((each) => ({ ...each, isThere: facts.files[each.path] === each.content }));
  return [...units, { path: paths.dockerConfiguration, content, isThere: hasLimit(facts, limit) }];
};

const hasLimit = ({ files }: Facts, limit: number): boolean => {
  const settings = settingsFrom(files[paths.dockerConfiguration]);
  return Object.entries(scratchSettings(limit)).every(
    ([key, value]) => JSON.stringify(settings?.[key]) === JSON.stringify(value),
  );
};

/** A script that takes our keys out of daemon.json again; other changes are kept. */
const restoreScript = ({ files }: Facts): string => {
  const {
    "storage-driver": _driver,
    "storage-opts": _options,
    ...others
  } = settingsFrom(files[paths.dockerConfiguration]) ?? {};
  return Object.keys(others).length === 0
    ? `rm -f ${paths.dockerConfiguration}`
    : writeScript({ path: paths.dockerConfiguration, content: textOf(others) });
};
