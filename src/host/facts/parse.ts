import { isIPv4 } from "node:net";
import { z } from "zod";
import { swarmBridge } from "../../names.js";
import type { Facts, NetworkAddress } from "../facts.js";
import { settingsInFlags } from "../docker-flags.js";
import { disksOf, freeSpaceOf } from "./disks.js";
import { membershipFrom, nodeCertificate, nodeState } from "./membership.js";

/** Parses the output of `factsScript`; throws where a section is not what its command prints. */
export const factsFrom = (text: string): Facts => {
  const sections = sectionsOf(text);
  const get = (name: string): string => sections.get(name)?.trim() ?? "";
  const lines = (name: string): string[] => get(name).split("\n").filter(Boolean);
  const words = (name: string): string[][] => lines(name).map((line) => line.trim().split(/\s+/));
  const release = releaseOf(lines("os-release"));
  const network = lines("network");
  const files = filesIn(sections);
  const addresses = addressesOf(network[0] ?? "");
  const units = unitsOf(get("units"));

  return {
    machineId: get("machine-id"),
    hostName: get("host-name"),
    system: {
      id: release["ID"] ?? "unknown",
      like: (release["ID_LIKE"] ?? "").split(" ").filter(Boolean),
      version: release["VERSION_ID"] ?? "",
      name: release["PRETTY_NAME"] ?? "an unknown system",
    },
    kernel: get("kernel"),
    memory: Number(/^MemTotal:\s+(\d+) kB/m.exec(get("memory"))?.[1] ?? 0) * 1024,
    processors: Number(get("processors")),
    addresses,
    routes: routesOf(network[1] ?? ""),
    disks: disksOf(get("disks")),
    mounts: words("mounts").map(([source = "", target = "", type = "", options = ""]) => ({
      source,
      target,
      type,
      options: options.split(","),
    })),
    ...freeSpaceOf(words("free")),
    dockerHolds: lines("docker-holds"),
    packages: Object.fromEntries(
      words("packages").flatMap(([status, name = "", version = ""]) =>
        isInstalled(status) ? [[name, version]] : [],
      ),
    ),
    heldPackages: words("packages").flatMap(([status = "", name = ""]) =>
      status.startsWith("h") ? [name] : [],
    ),
    hasDockerCommand: get("docker-command") === "yes",
    otherDockers: lines("other-dockers"),
    dockerFlags: settingsInFlags(lines("docker-flags")),
    dockerProxy: Object.fromEntries(
      lines("docker-proxy").map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
    ),
    dockerProxyAddresses: lines("docker-proxy-addresses").filter((each) => isIPv4(each)),
    files,
    secretHashes: hashesOf(words("secrets")),
    certificates: lines("certificates"),
    givenHashes: hashesOf(words("given")),
    firewall: lines("firewall").filter(isOurs),
    firewall6: lines("firewall6").filter(isOurs),
    // Docker names the bridge in its rules as long as the bridge exists.
    hasLostDockerRules:
      units["docker.service"] === "active" &&
      addresses.some(({ device }) => device === swarmBridge) &&
      (get("docker-nat") === "lost" ||
        !lines("firewall").some((rule) => !isOurs(rule) && rule.includes(swarmBridge))),
    ipv6: get("ipv6") === "yes",
    state: lines("state"),
    units,
    membership: membershipFrom(get("engine"), files[nodeCertificate] ?? "", files[nodeState]),
    missingModules: lines("modules"),
    xfsFeatures: get("xfs"),
    quotaState: get("quota"),
  };
};

// None of these commands prints a record separator at the start of a line.
const separator = "\u001e";

const sectionsOf = (text: string): Map<string, string> =>
  new Map(
    text
      .split(`\n${separator}`)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return end < 0 ? [section, ""] : [section.slice(0, end), section.slice(end + 1)];
      }),
  );

const filesIn = (sections: Map<string, string>): Record<string, string> =>
  Object.fromEntries(
    [...sections]
      .filter(([name]) => name.startsWith("file "))
      .map(([name, content]) => [name.slice(5), Buffer.from(content.trim(), "hex").toString()]),
  );

/** The output of sha256sum, by file name. */
const hashesOf = (words: string[][]): Record<string, string> =>
  Object.fromEntries(words.map(([hash = "", name = ""]) => [name, hash]));

/** "ii", or "hi" for a package that is held. */
const isInstalled = (status: string | undefined): boolean => /^[hi]i$/.test(status ?? "");

const isOurs = (rule: string): boolean => rule.includes("SWARMHUB");

const unitsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split("\n\n").flatMap((unit) => {
      const [, name] = /^Id=(.*)$/m.exec(unit) ?? [];
      const [, state] = /^ActiveState=(.*)$/m.exec(unit) ?? [];
      return name === undefined || state === undefined ? [] : [[name, state] as const];
    }),
  );

const releaseOf = (lines: string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=").replace(/^"(.*)"$/, "$1")];
    }),
  );

const addressList = z.array(
  z.object({
    ifname: z.string(),
    mtu: z.number(),
    addr_info: z.array(
      z.object({ local: z.string().optional(), prefixlen: z.number(), scope: z.string() }),
    ),
  }),
);

const addressesOf = (json: string): NetworkAddress[] =>
  addressList.parse(JSON.parse(json === "" ? "[]" : json)).flatMap(({ ifname, mtu, addr_info }) =>
    addr_info.flatMap(({ local, prefixlen, scope }) =>
      // It is written into files and scripts on all other machines: only an address is accepted.
      local !== undefined && isIPv4(local) && scope === "global"
        ? [{ device: ifname, address: local, prefix: prefixlen, mtu }]
        : [],
    ),
  );

const routeList = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

const routesOf = (json: string): { destination: string; device: string }[] =>
  routeList
    .parse(JSON.parse(json === "" ? "[]" : json))
    .map(({ dst, dev }) => ({ destination: dst, device: dev ?? "" }));
