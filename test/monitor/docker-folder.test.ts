import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "ava";
import { fakeMachine } from "./support/machine.js";

test("Docker's folder is that of daemon.json, else that of its flags, else the default", (t) => {
  const folderWith = (...words: string[]): string => {
    const [daemon = "", ...command] = words;
    const root = fakeMachine(t, {
      "etc/docker/daemon.json": daemon,
      "run/docker.pid": "7\n",
      "proc/7/cmdline": command.map((word) => `${word}\0`).join(""),
    });
    const program = `${readFileSync("monitor/common.pl", "utf8")}\nprint docker_folder();`;
    return execFileSync("perl", ["-e", program], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], SWARMHUB_ROOT: root },
    });
  };
  t.is(
    folderWith('{"data-root": "/data/docker"}', "/usr/sbin/dockerd", "--data-root=/x"),
    "/data/docker",
  );
  for (const flags of [
    ["--data-root=/x"],
    ["--data-root", "/x"],
    ["--graph=/x"],
    ["-g", "/x"],
    ["-g/x"],
  ])
    t.is(
      folderWith("", "/usr/bin/dockerd", "-H", "fd://", ...flags, "--debug"),
      "/x",
      flags.join(" "),
    );
  t.is(folderWith("", "dockerd", "-H", "fd://"), "/var/lib/docker");
  t.is(folderWith("", "/usr/bin/other", "--data-root=/x"), "/var/lib/docker");
});
