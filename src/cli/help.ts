import { type Command, Help, type HelpConfiguration, type Option } from "commander";

/** How help is written: with the global options that a command uses, and no default where an option is off or empty without it. */
export const helpFormat: HelpConfiguration = {
  showGlobalOptions: true,
  visibleGlobalOptions: (command) =>
    rootOf(command).options.filter((option) => command.parent !== null && uses(command, option)),
  optionDescription: (option) =>
    option.defaultValue === false || Array.isArray(option.defaultValue)
      ? option.description
      : new Help().optionDescription(option),
};

const rootOf = (command: Command): Command =>
  command.parent === null ? command : rootOf(command.parent);

/** Every command accepts every global option; those that change nothing for it would only make its help longer. */
const uses = (command: Command, option: Option): boolean => {
  const group = command.parent?.name() ?? "";
  const name = command.name();
  // `images ls` without a registry asks the class.
  const isPublishing = group === "images" && name !== "ls";
  const isLocal =
    ["init", "completion"].includes(name) ||
    isPublishing ||
    (group === "roster" && name === "check");
  switch (option.attributeName()) {
    case "version":
      return false;
    case "jobs":
      return ["up", "down", "join", "leave"].includes(name);
    case "sshConfig":
    case "acceptNewHostKeys":
      return !isLocal;
    case "config":
      return name !== "completion" && !isPublishing;
    case "json":
      return name !== "completion";
    default:
      return true;
  }
};
