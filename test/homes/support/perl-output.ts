import type { Home, Homes } from "../../../src/homes/inspect.js";

/** The output of the script that inspects the homes, for homes in this state. */
export const outputOf = (seen: Homes): string => {
  const account = ({ used, hard }: Home["bytes"], unit: number) =>
    `${used / unit} 0 ${hard / unit} 00 [--------]`;
  const ids = seen.homes.map((home) => ({ home, id: home.attributes?.projectId ?? 0 }));
  const attributes = (of: Home["attributes"]) =>
    of === undefined ? "" : `${of.projectId} ${of.inherits ? 1 : 0}`;
  const { watcher, limits, parent } = seen;
  return [
    "present 1",
    `now ${seen.now.getTime() / 1000}`,
    `parent ${attributes(parent)}`,
    ...seen.homes.flatMap(({ name, user, own, pendingSince, attributes: of }) => [
      `home ${name} ${attributes(of)}`,
      ...(user === undefined ? [] : [`owners ${name} ${hex({ user })}`]),
      ...(own === undefined ? [] : [`limits ${name} ${"problem" in own ? "!" : hex(own)}`]),
      ...(pendingSince === undefined ? [] : [`pending ${name} ${pendingSince.getTime() / 1000}`]),
    ]),
    `others ${seen.others}`,
    ...seen.trash.map(({ entry, user }) => `trash ${entry} 1 ${hex({ user })}`),
    ...(limits === undefined ? [] : [`limits.json ${hex(limits)}`]),
    ...(watcher === undefined ? [] : [`watcher.json ${hex(watcher)}`]),
    ...ids.flatMap(({ home, id }) =>
      home.changed === undefined ? [] : [`changed ${id} ${home.changed.getTime() / 1000}`],
    ),
    "",
    `\x1estate\n Accounting: ON\n Enforcement: ${seen.enforced ? "ON" : "OFF"}\n`,
    "\x1eaccounts",
    ...ids.map(({ home, id }) => `#${id} ${account(home.bytes, 1024)} ${account(home.files, 1)} `),
    "",
    `\x1edisk\n${seen.disk.size} ${seen.disk.free}\n`,
  ].join("\n");
};

const hex = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("hex");
