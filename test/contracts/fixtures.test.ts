import { outboundProxySecret } from "../../contracts/outbound-proxy.js";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { scryptSync } from "node:crypto";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type HubSettings, storageAddressIn } from "../../contracts/hub-settings.js";
import { type HubSettingsStatus, changeNeeds, fixedHashOf } from "../../contracts/hub-reload.js";
import { failedStartsFolder } from "../../contracts/failed-starts.js";
import { passwordHash, peopleIn, rosterText, scryptCost } from "../../contracts/roster.js";
import { nearlyFull, reportStaleAfter } from "../../contracts/machine-report.js";
import { contentCaSecret, contentName, contentTokenSecret } from "../../contracts/hub-servers.js";
import { mostGroups, parseGroupNote } from "../../contracts/limits.js";
import { sharedHome, storageFiles, storageFolders } from "../../contracts/storage-folders.js";
import { ownerIn } from "../../contracts/storage-notes.js";
import { watcherStatusText } from "../../contracts/watcher-status.js";
import type { Bytes, Milliseconds } from "../../src/config/types.js";
import { hubConfiguration } from "../../src/pieces/hub/settings.js";
import { paths } from "../../src/paths.js";
import { classOf, machinesOf } from "../support/class-of.js";
import {
  firstFilesNote,
  hubSettings,
  machineReport,
  ownerNote,
  roster,
  watcherStatus,
} from "./support/examples.js";

// What the hub reads, for hub/tests/test_contracts.py. A file that the code would write otherwise is written anew and fails.
const isFixture = (t: ExecutionContext, name: string, content: string): void => {
  const folder = "test/fixtures/contracts";
  const path = join(folder, name);
  const before = readOrEmpty(path);
  t.pass();
  if (before === content) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, content);
  t.fail(`${path} was out of date and is written anew: run pytest on hub/tests and commit it`);
};

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

test("hub.json of a class that uses every option has every key of the contract", (t) => {
  const cluster = classOf(2);
  const { config } = cluster;
  config.domain = "geo.example.org";
  config.subdomains = true;
  config.login.teachers = ["bob"];
  config.login.method = {
    ...hubSettings.loginMethod,
    secret: { kind: "env", name: "OIDC" },
    ca: "/ca.pem",
  };
  config.login.allow = { groups: ["geo-101"] };
  config.login.adminsMayEnter = true;
  config.login.roster = { file: "/srv/students.csv", folder: "/srv" };
  config.login.remember = 28_800_000 as Milliseconds;
  config.servers = {
    ...config.servers,
    image: "r:1",
    guarantee: (512 * 2 ** 20) as Bytes,
    idle: 7_200_000 as Milliseconds,
    strategy: "pack",
    processes: 2048,
    environment: { TZ: "Europe/Berlin", COURSE: "geo-101" },
    start: "/lab/tree/intro.ipynb",
    content: { ...hubSettings.servers.content, token: { kind: "env", name: "GIT_TOKEN" } },
    network: { access: "no-private", except: [] },
    shared: (20 * 2 ** 30) as Bytes,
    gpus: 2,
    warm: [
      { days: ["mon", "wed"], at: "08:50", until: "12:00", zone: "Europe/Berlin", group: "staff" },
    ],
    images: hubSettings.images.map(({ name, description, cpu, memory }) => ({
      name,
      description,
      image: name === "R" ? "r:1" : "quay.io/jupyter/scipy-notebook:2026-11-02",
      memory: memory as Bytes,
      cpu,
    })),
  };
  const { http, https } = hubSettings.servers.proxy;
  const login = { user: "geo", password: { kind: "env", name: "PROXY_PASSWORD" } } as const;
  config.proxy = { http, https, except: [".example.org"], login };
  config.login.services = [
    {
      name: "gateway",
      token: { kind: "env", name: "GW" },
      group: "staff",
      may: ["start", "stop", "users"],
    },
  ];
  config.login.groups = { staff: ["ada"] };
  config.login.groupServers = {
    staff: { memory: (8 * 2 ** 30) as Bytes, cpu: 4, images: ["R"], claims: ["uni:staff"] },
  };
  const [file] = hubSettings.servers.files;
  const [look] = hubSettings.servers.looks;
  const equipment = {
    looks: [{ ...look!, id: "sha256:1", image: "r:1", packages: {}, kernels: [], findings: [] }],
    files: {
      wanted: [{ ...file!, content: Buffer.from("{}") }],
      stored: [{ ...file!, isUsed: true }],
    },
  };
  const userImages = [
    { image: "r:1", wanted: "r@sha256:1" },
    {
      image: "quay.io/jupyter/scipy-notebook:2026-11-02",
      wanted: "quay.io/jupyter/scipy-notebook@sha256:0",
    },
  ];
  const files = { [paths.dockerConfiguration]: '{"node-generic-resources": ["NVIDIA-GPU=62"]}' };
  const machines = machinesOf(cluster, { memory: 16 * 2 ** 30, files });
  const { content } = hubConfiguration(config, machines, userImages, cluster, equipment);
  const written = JSON.parse(content) as HubSettings;
  t.deepEqual(written, { ...hubSettings, fixedHash: fixedHashOf(written) });
  isFixture(t, "hub.json", content);
});

test("it is known of every value of hub.json whether the running hub takes a new one", (t) => {
  const { servers, ...others } = changeNeeds;
  const inServers = Object.entries(servers).map(([key, need]) => [`servers.${key}`, need]);
  isFixture(t, "hub-reload.json", jsonText({ ...others, ...Object.fromEntries(inServers) }));
  const status: HubSettingsStatus = { read: "0".repeat(64), problem: null, needsRestart: false };
  isFixture(t, "hub-settings-status.json", jsonText(status));
});

test("a machine's report and the limits for it are those of the contract", (t) => {
  isFixture(t, "machine-report.json", `${JSON.stringify(machineReport)}\n`);
  isFixture(t, "machine-limits.json", jsonText({ nearlyFull, reportStaleAfter }));
});

test("watcher.json has every key of the contract", (t) => {
  isFixture(t, storageFiles.watcherStatus, watcherStatusText(watcherStatus));
});

test("roster.json has everybody on a line, with a hash that the hub can compute as well", (t) => {
  const { people } = roster;
  const salt = Uint8Array.from({ length: 16 }, (_, at) => at);
  const hash = scryptSync("bado-keli-muta-rive", salt, 64, scryptCost);
  t.is(people[0]?.password, passwordHash(salt, hash));
  t.deepEqual(peopleIn(rosterText(roster)), [...people]);
  for (const text of ["", "{", "null", "[]", "{}", '{"people": [{"name": "ada"}]}'])
    t.is(peopleIn(text), undefined);
  isFixture(t, "roster.json", rosterText(roster));
});

test("the CLI reads the owner in the note that the hub writes", (t) => {
  t.is(ownerIn(jsonText(ownerNote)), ownerNote.user);
  for (const text of ["", "{", "null", "[]", '{"user": 7}']) t.is(ownerIn(text), undefined);
  isFixture(t, "owner-note.json", jsonText(ownerNote));
});

test("the watcher and the CLI read the groups in the note that the hub writes", (t) => {
  const note = { groups: ["staff", "tutors"] };
  t.deepEqual(parseGroupNote(jsonText(note)), note);
  for (const text of ["", "{", "null", "[]", '{"groups": "staff"}', '{"groups": [7]}'])
    t.is(parseGroupNote(text), undefined);
  isFixture(t, "group-note.json", jsonText(note));
});

test("the hub finds the note on the first files, and every folder and file by the contract's names", (t) => {
  isFixture(t, storageFiles.firstFilesNote, `${JSON.stringify(firstFilesNote)}\n`);
  isFixture(
    t,
    "storage-names.json",
    jsonText({
      folders: storageFolders,
      files: storageFiles,
      failedStarts: failedStartsFolder,
      sharedHome,
      contentToken: contentTokenSecret,
      contentCa: contentCaSecret,
      contentName,
      outboundProxy: outboundProxySecret,
      mostGroups,
    }),
  );
});

test("the storage's address is found in hub.json, and nothing else is one", (t) => {
  t.is(storageAddressIn(jsonText(hubSettings)), hubSettings.storage.address);
  for (const storage of [null, {}, { address: "\u001b[2J" }, { address: 7 }])
    t.is(storageAddressIn(jsonText({ ...hubSettings, storage })), undefined);
  for (const text of ["", "null", "{"]) t.is(storageAddressIn(text), undefined);
});
