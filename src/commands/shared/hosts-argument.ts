import { host } from "../../config/schema.js";
import type { Config, HostConfig } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { shown, usageError } from "../../errors.js";

/** The machines that the arguments name: each once, and spelled as in the configuration if they are there. Throws a UserError (usage). */
export const hostsFromArguments = (
  words: readonly string[],
  address: string | undefined,
  { workers }: Pick<Config, "workers">,
): HostConfig[] => {
  if (address !== undefined && words.length > 1)
    throw usageError(
      "--address works with one machine only",
      "run `swarmhub join` once for each machine",
    );
  const hosts = words.map((word) => hostFrom(word, address));
  const once = new Map(hosts.map((each) => [machineOf(each.destination), each]));
  return [...once].map(
    ([machine, each]) =>
      workers.find(({ destination }) => machineOf(destination) === machine) ?? each,
  );
};

const hostFrom = (word: string, address: string | undefined): HostConfig => {
  const { data, error } = host.safeParse(address === undefined ? word : { host: word, address });
  if (data === undefined)
    throw usageError(`${shown(word)}: it ${error.issues[0]?.message ?? "is not a machine"}`);
  return { destination: data.host, ...(data.address !== undefined && { address: data.address }) };
};
