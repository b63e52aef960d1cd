import { host } from "../../config/schema.js";
import type { Config, HostConfig } from "../../config/types.js";
import { machineOf } from "../../config/values/destination.js";
import { UserError, exitCode, shown } from "../../errors.js";

/** The machines that words on the command line mean: each once, and as the configuration spells those that it names. Throws a UserError (usage). */
export const hostsFromArguments = (
  words: readonly string[],
  address: string | undefined,
  { workers }: Pick<Config, "workers">,
): HostConfig[] => {
  if (address !== undefined && words.length > 1)
    throw usage(
      "--address is the address of one machine, and here are several",
      "one `swarmhub join` for each",
    );
  const given = words.map((word) => hostFrom(word, address));
  const once = new Map(given.map((each) => [machineOf(each.destination), each]));
  return [...once].map(
    ([machine, each]) =>
      workers.find(({ destination }) => machineOf(destination) === machine) ?? each,
  );
};

const hostFrom = (word: string, address: string | undefined): HostConfig => {
  const { data, error } = host.safeParse(address === undefined ? word : { host: word, address });
  if (data === undefined)
    throw usage(`${shown(word)}: it ${error.issues[0]?.message ?? "is no machine"}`, undefined);
  return { destination: data.host, ...(data.address !== undefined && { address: data.address }) };
};

const usage = (message: string, hint: string | undefined): UserError =>
  new UserError(message, { hint, code: exitCode.usage });
