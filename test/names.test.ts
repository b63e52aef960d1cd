import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  homeVolumePrefix,
  isFormerUserService,
  isFormerVolume,
  labels,
  networkName,
  serviceName,
  serviceParts,
  storageVolumePrefix,
  userServiceName,
  watcherName,
} from "../src/names.js";

test("names carry the class's name", (t) => {
  t.is(serviceName("geo-101", "hub"), "geo-101-hub");
  t.is(userServiceName("geo-101", "ada"), "geo-101-nb-ada");
  t.is(networkName("geo-101"), "geo-101-network");
  t.is(watcherName("geo-101"), "geo-101-quota");
  t.is(homeVolumePrefix("geo-101"), "swarmhub-geo-101-home-");
  t.is(storageVolumePrefix("geo-101"), "swarmhub-geo-101-storage-");
});

test("the longest names of a class and a home fit into Swarm's 63 characters and are DNS labels", (t) => {
  for (const name of ["a".repeat(30), "a".repeat(31), "a".repeat(40), `${"a-".repeat(19)}aa`]) {
    const service = userServiceName(name, "x".repeat(28));
    t.true(service.length <= 62, service);
    t.regex(service, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  }
  t.is(userServiceName("a".repeat(30), "x").length, 35, "30 characters stay as they are");
  t.regex(serviceName("a".repeat(31), "hub"), /^a{21}-[0-9a-f]{8}-hub$/);
});

test("no name of one class is that of another one, whatever its users are called", (t) => {
  const homes = ["hub", "b-hub", "nb-hub", "registry", "ada", "b-nb-ada", "nb-ada"];
  const classes = [
    "geo geo-nb geo-nb-b nb nb-nb b nb-b anb nba".split(" "),
    ["a", "b"].map((last) => `${"x".repeat(39)}${last}`),
  ].flat();
  const names = classes.flatMap((name) => [
    ...serviceParts.map((part) => serviceName(name, part)),
    ...homes.map((home) => userServiceName(name, home)),
    // The former names that a class has until its next `up`.
    ...(name === "geo" ? [...serviceParts, ...homes.map((home) => `nb-${home}`)] : []),
  ]);
  t.is(new Set(names).size, names.length);
});

test("former names are told from present ones", (t) => {
  t.true(isFormerUserService("geo-101", "nb-ada"));
  t.false(isFormerUserService("geo-101", "geo-101-nb-ada"));
  for (const name of ["swarmhub-home-ada-01234567", "swarmhub-storage-01234567"])
    for (const className of ["geo-101", "storage"]) t.true(isFormerVolume(className, name), name);
  for (const className of ["geo-101", "home", "storage"]) {
    t.false(isFormerVolume(className, `${homeVolumePrefix(className)}ada-01234567`));
    t.false(isFormerVolume(className, `${storageVolumePrefix(className)}01234567`));
  }
  t.false(isFormerVolume("geo-101", "precious"));
});

test("no other file of src/ writes such a name, label or port, and the hub's labels are the same", (t) => {
  const literal =
    /nb-|swarmhub\.(class|user|users|files|machine|host)\b|swarmhub-(quota|home|storage|firewall|fence|registry|monitor|layers)\b|swarm\.service\.name|\b2050[01]\b|\b8081\b/;
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !["names.ts", "paths.ts"].includes(path),
  );
  const found = sources.flatMap((path) =>
    readFileSync(join("src", path), "utf8")
      .split("\n")
      .filter((line) => literal.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  t.deepEqual(found, []);
  const hub = readFileSync("hub/swarmhub/labels.py", "utf8");
  t.true(hub.includes(`CLASS = "${labels.class}"`) && hub.includes(`USER = "${labels.user}"`));
});
