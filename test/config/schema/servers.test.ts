import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { classWith, complaintsOf } from "../support/complaints.js";

const configWith = (more: string) => configFrom(classWith(more), "/etc/class/class.yaml");

test("variables of servers are texts, or secrets that are read elsewhere", (t) => {
  const { servers } = configWith(
    "servers: {time-zone: Europe/Berlin, environment: {COURSE: geo, COUNT: 4, DEBUG: true, API_KEY: from-env KEY, TOKEN: from-file token}}",
  );
  t.deepEqual(servers.environment, {
    TZ: "Europe/Berlin",
    COURSE: "geo",
    COUNT: "4",
    DEBUG: "true",
  });
  t.deepEqual(servers.secrets, {
    API_KEY: { kind: "env", name: "KEY" },
    TOKEN: { kind: "file", path: "/etc/class/token" },
  });
});

test("a variable that the hub sets, or whose name is none, is refused at its place, without its value", (t) => {
  t.deepEqual(complaintsOf(classWith("servers: {environment: {HOME: /x, JUPYTERHUB_USER: y}}")), [
    '4:25  "servers.environment.HOME" is set by the hub for each server; delete the line',
    '4:35  "servers.environment.JUPYTERHUB_USER" is set by the hub for each server; delete the line',
  ]);
  t.regex(
    complaintsOf(classWith("servers: {environment: {A-B: secret}}")).join(),
    /^4:25 {2}"servers\.environment\.A-B" is not the name of a variable/,
  );
  t.notRegex(complaintsOf(classWith('servers: {environment: {A: "word\\n"}}')).join(), /word/);
});

test("the first page is a path of the server, with or without its slash", (t) => {
  const start = (text: string) => configWith(`servers: {start: "${text}"}`).servers.start;
  t.is(start("/tree"), "/tree");
  t.is(start("lab/tree/my intro.ipynb"), "/lab/tree/my%20intro.ipynb");
  t.is(start("/lab/tree/my%20intro.ipynb"), "/lab/tree/my%20intro.ipynb");
  for (const text of ["https://evil.example", "//evil.example", "lab/../../hub", "/", "a\\\\b"])
    t.regex(complaintsOf(classWith(`servers: {start: "${text}"}`)).join(), /expected a page/, text);
});

test("files have absolute places outside of the homes, and paths relative to the file", (t) => {
  t.deepEqual(configWith("servers: {files: {/opt/course/a.json: data/a.json}}").servers.files, [
    { path: "/opt/course/a.json", source: "/etc/class/data/a.json" },
  ]);
  for (const path of [
    "a.json",
    "/home/jovyan/a",
    "/tmp/a",
    "/opt/../home/a",
    "/run/secrets/x",
    "/",
  ])
    t.is(complaintsOf(classWith(`servers: {files: {"${path}": a}}`)).length, 1, path);
});

test("a time zone has a name of the database, and a language a country", (t) => {
  t.is(configWith("servers: {language: de_DE}").servers.language, "de_DE");
  for (const more of ["time-zone: Mars/Olympus", "time-zone: +01:00", "language: german"])
    t.is(complaintsOf(classWith(`servers: {${more}}`)).length, 1, more);
});

const groups = (text: string, more = ""): string =>
  complaintsOf(classWith(`login: {groups: {${text}}}\n${more}`)).join("\n");

test("a group is a list of its members, or a mapping with what they get", (t) => {
  const { login, storage } = configWith(
    "login: {groups: {staff: {members: [ada], memory: 8G, cpu: 4, quota: 50G, images: [R]}, tutors: [bob]}}\nservers: {images: [{name: R, image: r}, {name: Python, image: p}]}",
  );
  t.deepEqual(login.groups, { staff: ["ada"], tutors: ["bob"] });
  t.deepEqual(login.groupServers as unknown, {
    staff: { memory: 8 * 2 ** 30, cpu: 4, images: ["R"], claims: [] },
  });
  t.deepEqual(storage.kind === "persistent" && (storage.quota.groups as unknown), {
    staff: 50 * 2 ** 30,
  });
});

test("complaints about a group are at their places in either form", (t) => {
  t.regex(groups("staff: [Ada]"), /^4:\d+ {2}item 1 of "login\.groups\.staff" is "Ada"/);
  t.regex(
    groups("staff: {members: [Ada]}"),
    /^4:\d+ {2}item 1 of "login\.groups\.staff\.members" is "Ada"/,
  );
  t.regex(groups("staff: {memroy: 8G}"), /unknown key "memroy".*did you mean "memory"\?$/);
  t.regex(groups("staff: {members: [ada, ada]}"), /repeats an earlier item/);
});

test("a group has one quota, and needs homes for it", (t) => {
  t.regex(
    groups("staff: {members: [ada], quota: 5G}", "storage: {device: /dev/vdb, quota: {staff: 6G}}"),
    /"login\.groups\.staff\.quota" conflicts with "storage\.quota\.staff"/,
  );
  t.regex(groups("staff: {quota: 5G}", "storage: temporary"), /needs persistent homes/);
  t.is(groups("staff: {members: [ada], quota: 5G}, tutors: {members: [ada], quota: 6G}"), "");
});

test("a group may have other names at a provider that tells groups", (t) => {
  const group = "groups: {staff: {claims: [role:instructor], quota: 50G}}";
  const complaints = (method: string, quota = "5G"): string =>
    complaintsOf(
      `name: a\nmanager: local\nstorage: {device: /dev/vdb, quota: ${quota}}\nlogin: {${method}, ${group}}\n`,
    ).join("\n");
  const cas = (key: string): string => `cas: {url: "https://cas.example.edu"${key}}`;
  t.is(complaints(cas(", groups: memberOf")), "");
  t.is(complaints(cas(", groups: memberOf"), "{tutors: 9G}"), "", "it may know tutors");
  t.regex(complaints(cas("")), /"login\.groups\.staff\.claims" needs a method of login that tells/);
  t.regex(complaints("shared-password: generated"), /needs a method of login that tells groups/);
});

test("a group names images of the class, and leaves one for users of no group", (t) => {
  const images = "servers: {images: [{name: R, image: r}, {name: Python, image: p}]}";
  t.is(groups("staff: {images: [R]}", images), "");
  t.regex(groups("staff: {images: [S]}", images), /is "S", but .* its names are "R", "Python"$/);
  t.regex(groups("staff: {images: [S]}"), /write servers: \{images: /);
  t.regex(groups("staff: {images: [R, Python]}", images), /users of no group have none/);
});

test("what servers reach is a word, or a mapping with exceptions", (t) => {
  const network = (text: string) => configWith(text).servers.network;
  t.deepEqual(network(""), { access: "no-private", except: [] });
  t.deepEqual(network("servers: {network: open}"), { access: "open", except: [] });
  t.deepEqual(
    network('servers: {network: {access: none, except: [10.1.2.0/23, "10.1.3.4:5432"]}}'),
    {
      access: "none",
      except: [{ network: "10.1.2.0/23" }, { network: "10.1.3.4/32", port: 5432 }],
    },
  );
});

test("an exception that a firewall cannot have is refused with what it can", (t) => {
  const complaints = (network: string) => complaintsOf(classWith(`servers: {network: ${network}}`));
  const except = (text: string) => complaints(`{except: ["${text}"]}`).join();
  t.regex(
    except("git.example.edu"),
    /is "git\.example\.edu": expected an IPv4 address or network.*not a name/,
  );
  t.regex(except("10.1.2.3/16"), /the network is 10\.1\.0\.0\/16/);
  t.regex(except("10.1.2.3:0"), /a port is a number/);
  t.regex(
    complaints("closed").join(),
    /"servers\.network" is "closed": expected open, no-private or none/,
  );
  t.deepEqual(complaints("{access: open, except: [10.1.2.3]}"), [
    '4:43  "servers.network.except" has no effect with access: open; delete it, or write no-private or none',
  ]);
});
