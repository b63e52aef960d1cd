import type { HubSettings } from "../../../contracts/hub-settings.js";
import type { MachineReport } from "../../../contracts/machine-report.js";
import type { Roster } from "../../../contracts/roster.js";
import type { FirstFilesNote, OwnerNote } from "../../../contracts/storage-notes.js";
import type { WatcherStatus } from "../../../contracts/watcher-status.js";

/** A value with every key and without null: everything that a program can write. */
type Full<Value> = Value extends readonly (infer Item)[]
  ? readonly Full<Item>[]
  : Value extends object
    ? { [Key in keyof Value]-?: Full<Exclude<Value[Key], null | undefined>> }
    : Value;

/** `hub.json` of a class that uses every option. */
export const hubSettings = {
  name: "geo-101",
  network: "geo-101-network",
  userServicePrefix: "geo-101-nb-",
  homeVolumePrefix: "swarmhub-geo-101-home-",
  image: "r@sha256:1",
  memory: 2_147_483_648,
  guarantee: 536_870_912,
  cpu: 1.5,
  processes: 2048,
  images: [
    {
      name: "R",
      description: "R and RStudio",
      image: "r@sha256:1",
      memory: 2_147_483_648,
      cpu: 1.5,
    },
    {
      name: "Python",
      description: "scipy",
      image: "quay.io/jupyter/scipy-notebook@sha256:0",
      memory: 1_073_741_824,
      cpu: 1,
    },
  ],
  idleTimeoutSeconds: 7200,
  storage: { address: "10.77.0.11", path: "/srv/swarmhub" },
  loginMethod: {
    kind: "oidc",
    issuer: "https://id.example.edu/realms/uni",
    service: "Example University",
    client: "hub",
    username: "preferred_username",
    groups: "groups",
    domains: ["example.edu"],
    organizations: ["geo-101"],
    identityProviders: ["https://idp.example.edu/shibboleth"],
  },
  allowedGroups: ["geo-101"],
  publicUrl: "https://geo.example.org",
  roster: true,
  admins: ["ada"],
  teachers: ["bob"],
  adminsMayEnter: true,
  rememberSeconds: 28_800,
  strategy: "pack",
  placement: ["node.labels.swarmhub.users==true"],
  subdomainHost: "https://geo.example.org",
  servers: {
    looks: [
      {
        image: "r@sha256:1",
        home: "/home/rstudio",
        variables: ["PATH", "HOME"],
        replacesEntrypoint: true,
      },
    ],
    environment: [
      { name: "TZ", value: "Europe/Berlin" },
      { name: "COURSE", value: "geo-101" },
    ],
    start: "/lab/tree/intro.ipynb",
    files: [
      { id: "config1", name: "geo-101-file-0123456789abcdef", path: "/opt/course/data.json" },
    ],
    content: {
      repository: "https://git.example.org/geo/course.git",
      branch: "main",
      folder: "course",
    },
    shared: true,
    gpus: 2,
    proxy: {
      http: "http://proxy.example.org:3128",
      https: "http://proxy.example.org:3129",
      except:
        ".example.org geo.example.org .geo.example.org localhost 127.0.0.1 ::1 127.0.0.0/8 169.254.0.0/16 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 hub proxy edge registry".split(
          " ",
        ),
    },
    groups: [
      {
        name: "staff",
        members: ["ada"],
        claims: ["uni:staff"],
        memory: 8_589_934_592,
        cpu: 4,
        images: ["R"],
      },
    ],
  },
  warm: [
    {
      days: ["mon", "wed"],
      at: "08:50",
      until: "12:00",
      zone: "Europe/Berlin",
      group: "staff",
      members: ["ada"],
    },
  ],
  services: [
    { name: "gateway", group: "staff", members: ["ada"], may: ["start", "stop", "users"] },
  ],
  seats: 62,
  fixedHash: "",
} satisfies Full<HubSettings>;

/** A machine's report with every key. */
export const machineReport = {
  uptime: 3600.25,
  disks: [
    {
      path: "/var/lib/docker",
      bytes: 21_474_836_480,
      freeBytes: 851_443_712,
      files: 1_310_720,
      freeFiles: 1_250_000,
    },
  ],
  memory: { bytes: 16_777_216_000, availableBytes: 8_388_608_000 },
  cpu: { cores: 2, busyMicroseconds: 1_560_000 },
  load: 0.52,
  containers: [
    {
      id: "a".repeat(64),
      memory: 700_000_000,
      memoryLimit: 1_073_741_824,
      oomKills: 2,
      processes: 17,
      cpuMicroseconds: 5_000_000,
      periods: 400,
      throttledPeriods: 30,
    },
  ],
  largestLayers: [{ user: "carol", bytes: 7_000_000_000, files: 1_200_000 }],
  endedServers: [
    { at: 1_790_000_000, user: "dora", container: "d".repeat(64), bytes: 8_000_000_000, files: 12 },
  ],
} satisfies Full<MachineReport>;

/** `watcher.json` with every key. */
export const watcherStatus = {
  at: "2026-11-21T06:00:00.000Z",
  uptime: 86_411,
  took: { pass: 12, fullScan: 3400 },
  homes: 42,
  highestId: 57,
  limitBytes: 5_368_709_120,
  limitFiles: 200_000,
  failures: [{ home: "ada", reason: "Operation not permitted" }],
  ignored: [{ name: "lost+found", reason: "its name cannot be a home's" }],
  over90: ["bob"],
  trash: { entries: 2, erased: ["carl.20261021T120000Z"], problem: "dora: Read-only file system" },
  problem: "lsattr did not run",
} satisfies Full<WatcherStatus>;

/** The owner's note of a home that still lacks its first files. */
export const ownerNote = {
  user: "Ada@Example.org",
  firstFiles: "missing",
} satisfies Full<OwnerNote>;

/** `roster.json`; the hash is that of the password "bado-keli-muta-rive". */
export const roster = {
  people: [
    {
      name: "jürgen",
      shown: "Jürgen Müller",
      groups: ["geo"],
      password:
        "scrypt$16384$8$1$AAECAwQFBgcICQoLDA0ODw==$RdfEMJwmFomzjR4oV9u2aJ8ZboshJaeCfjqW24mEjyJjlRBMTV+BBPteNDyp3iy52W/5snF8y2CF/pTF6kGS4Q==",
    },
  ],
} satisfies Full<Roster>;

/** The note about the first files. */
export const firstFilesNote = {
  hash: "0123456789abcdef",
  bytes: 409_600,
  files: 3,
} satisfies Full<FirstFilesNote>;
