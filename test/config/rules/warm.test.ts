import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { hubWarm } from "../../../src/pieces/hub/warm.js";
import { complaintsOf } from "../support/complaints.js";

const yaml = (servers: string, login = ""): string =>
  `name: geo-101\nmanager: local\nstorage: temporary\n${login}servers: {${servers}}\n`;
const warm = (value: string, more = ""): string => yaml(`warm: ${value}${more}`);
const groups = "login: {groups: {staff: [ada]}}\n";

test("warm is one time of the week or a list of them, with days in the order of the week", (t) => {
  const text = yaml(
    'time-zone: Europe/Paris, warm: [{at: "wed,mon-tue 08:50", until: "12:00", zone: Europe/Berlin}, {at: "13:10", group: staff}]',
    groups,
  );
  const all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  t.deepEqual(hubWarm(configFrom(text, "swarmhub.yaml")), [
    {
      days: ["mon", "tue", "wed"],
      at: "08:50",
      until: "12:00",
      zone: "Europe/Berlin",
      group: null,
      members: [],
    },
    {
      days: all,
      at: "13:10",
      until: "14:10",
      zone: "Europe/Paris",
      group: "staff",
      members: ["ada"],
    },
  ]);
  const late = configFrom(warm('{at: "mon 23:30", zone: UTC}'), "swarmhub.yaml");
  t.is(late.servers.warm?.[0]?.until, "23:59");
  t.is(configFrom(yaml("memory: 1G"), "swarmhub.yaml").servers.warm, undefined);
});

const good = '{at: "mon 08:50", zone: Europe/Berlin}';

for (const [what, text, pattern] of [
  [
    "days that do not exist",
    warm('{at: "montag 08:50", zone: UTC}'),
    /"servers\.warm\.at" is "montag 08:50": expected days of the week/,
  ],
  ["days in the wrong order", warm('{at: "fri-mon 08:50", zone: UTC}'), /the days are mon, tue/],
  ["a time without its zero", warm('{at: "mon 8:50", zone: UTC}'), /as in 08:50/],
  ["a time that does not exist", warm('{at: "mon 24:10", zone: UTC}'), /as in 08:50/],
  [
    "an end before the begin",
    warm('{at: "mon 08:50", until: "08:00", zone: UTC}'),
    /"servers\.warm\.until" is 08:00, which is not after 08:50/,
  ],
  ["no time zone", warm('{at: "mon 08:50"}'), /"servers\.warm" needs a time zone/],
  [
    "an unknown time zone",
    warm('{at: "mon 08:50", zone: Europe/Atlantis}'),
    /no time zone of this name/,
  ],
  [
    "an unknown group",
    warm('{at: "mon 08:50", zone: UTC, group: B}'),
    /"servers\.warm\.group" is B, which is not in login\.groups/,
  ],
  [
    "an idle that ends the servers before their users come",
    warm(good, ", idle: 30m"),
    /"servers\.idle" is 30m, so servers of a warm start would stop/,
  ],
] as const)
  test(`warm refuses ${what}`, (t) => {
    const complaints = complaintsOf(text);
    t.is(complaints.length, 1, complaints.join("\n"));
    t.regex(complaints[0] ?? "", pattern);
  });

test("warm goes with an idle of 45 minutes and with groups of a roster, which the hub knows", (t) => {
  t.deepEqual(complaintsOf(warm(good, ", idle: 45m")), []);
  const text = yaml('warm: {at: "mon 08:50", zone: UTC, group: B}', "login: {roster: ./s.csv}\n");
  t.deepEqual(complaintsOf(text), []);
});
