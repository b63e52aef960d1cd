import test from "ava";
import { peopleFor } from "../../src/commands/rehearse/people.js";
import { skippedBy } from "../../src/commands/rehearse/skipped.js";
import { exitCode } from "../../src/errors.js";
import type { RoomState } from "../../src/swarm/room.js";
import { fakeConfig, userError } from "../support/fakes.js";

const room = (...people: [name: string, state: string][]): RoomState => ({
  class: "geo-101",
  now: 0,
  seats: 33,
  taken: 0,
  queue: 0,
  machines: [],
  warnings: [],
  people: people.map(([name, state]) => ({ name, state, role: "student" })),
});
const beside = { besidePeople: true };
const alone = { besidePeople: false };
const refusal = (...[state, options]: Parameters<typeof peopleFor>) =>
  userError((async () => peopleFor(state, options))());

test("as many people rehearse as there are seats, or as many as wanted", (t) => {
  const before = room(["ada", "away"], ["bob", "failed"], ["Rehearsal-1", "running"]);
  t.is(peopleFor(before, alone), 33);
  t.is(peopleFor(before, { ...alone, people: 40 }), 40);
  t.is(peopleFor({ ...before, seats: 900 }, alone), 300);
});

test("while people of the class work there is no rehearsal, unless it is wanted and leaves them their seats", async (t) => {
  const busy = room(["ada\u001b[31m", "running"], ["bob", "starting"], ["carl", "queued"]);
  const error = await refusal(busy, alone);
  t.is(error.message, "3 people of the class work at this moment: ada, bob, carl");
  t.true(error.hint?.endsWith("type: swarmhub rehearse --beside-people"));
  t.is(error.code, exitCode.usage);
  t.is(peopleFor(busy, beside), 30);
  t.is(peopleFor(busy, { ...beside, people: 12 }), 12);
  const many = await refusal(busy, { ...beside, people: 31 });
  t.regex(many.message, /^30 seats are free, fewer than 31 people/);
  t.is(many.hint, "type: swarmhub rehearse --beside-people --people 30");
});

test("servers that were started for people who are not here yet are not counted as people at work", async (t) => {
  const warm = room(["ada", "running"], ["bob", "starting"]);
  for (const person of warm.people) person.warm = true;
  const error = await refusal(warm, alone);
  t.regex(error.message, /^2 seats are taken by servers that were started for people/);
  t.is(peopleFor(warm, beside), 31);
  const both = { ...warm, people: [...warm.people, ...room(["carl", "running"]).people] };
  t.is((await refusal(both, alone)).message, "1 person of the class works at this moment: carl");
});

test("a rehearsal has at least one person and at most 300", async (t) => {
  t.is((await refusal({ ...room(), seats: 0 }, alone)).message, "the class has no seat");
  t.is(
    (await refusal({ ...room(["ada", "running"]), seats: 1 }, beside)).message,
    "no seat is free",
  );
  t.regex((await refusal(room(), { ...alone, people: 301 })).message, /at most 300 people/);
});

const withBrowser = { chromium: "/usr/bin/chromium", people: 2 };

test("the report says what a rehearsal leaves out with each method of login", (t) => {
  const config = fakeConfig();
  t.regex(skippedBy(config, withBrowser).join(), /comparison of the password/);
  const personal = {
    ...config,
    login: { ...config.login, method: { kind: "passwords" } as const },
  };
  t.regex(skippedBy(personal, withBrowser).join(), /check of each person's password/);
  const away = { kind: "cas" } as typeof config.login.method;
  const campus = { ...config, login: { ...config.login, method: away } };
  t.regex(skippedBy(campus, withBrowser).join(), /login at the institution/);
});

test("the report says why there was no browser", (t) => {
  const config = fakeConfig();
  t.is(skippedBy(config, withBrowser).length, 1);
  const [none] = skippedBy(config, { chromium: undefined, people: 2 });
  t.regex(none ?? "", /this computer has no Chromium and no Chrome/);
  const [single] = skippedBy(config, { ...withBrowser, people: 1 });
  t.regex(single ?? "", /one of two or more people/);
});
