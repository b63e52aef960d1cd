import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ImageInspectInfo } from "dockerode";
import type { Bytes } from "../../src/config/types.js";
import { lookAt } from "../../src/images/look.js";
import { fakeHost, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();

/**
 * A machine whose `docker run` runs the script of the look itself with a real shell, with this folder as the image's home. Files
 * in `bin` are the programs of the image.
 */
const machineWith = (
  name: string,
  {
    passwd = (home: string) => `jovyan:x:1000:100::${home}:/bin/bash`,
    bin = {} as Record<string, string>,
    home = [] as string[],
    docker = "",
  },
) => {
  const root = join(folder, name);
  const homeFolder = join(root, "home/jovyan");
  mkdirSync(homeFolder, { recursive: true });
  mkdirSync(join(root, "bin"), { recursive: true });
  for (const path of home) {
    mkdirSync(join(homeFolder, path, ".."), { recursive: true });
    writeFileSync(join(homeFolder, path), "");
  }
  writeFileSync(join(root, "passwd"), `root:x:0:0::/root:/bin/sh\n${passwd(homeFolder)}\n`);
  const program = (path: string, text: string): void => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  for (const [file, text] of Object.entries(bin)) program(join(root, "bin", file), text);
  program(
    join(root, "docker"),
    `#!/bin/sh
[ "$1" = run ] || exit 0
${docker}
for last; do :; done
PATH=${root}/bin:/usr/bin:/bin exec sh -c "$(printf %s "$last" | sed 's|/etc/passwd|${root}/passwd|g')"
`,
  );
  const asked: string[] = [];
  const host = {
    ...fakeHost(name),
    script: async (text: string) => {
      asked.push(text);
      return execFileSync("sh", ["-s"], {
        input: text,
        env: { PATH: `${root}:/usr/bin:/bin` },
        encoding: "utf8",
      });
    },
  };
  return { host, asked, home: homeFolder };
};

const info = (config: object = {}) =>
  ({
    Id: `sha256:${"a".repeat(64)}`,
    Config: { Env: ["PATH=/bin", "R_LIBS_USER=/x"], Entrypoint: null, ...config },
  }) as unknown as ImageInspectInfo;

const look = (machine: ReturnType<typeof machineWith>, config?: object) =>
  lookAt(machine.host, "r:1", info(config), (2 ** 30) as Bytes);

// A Python that knows the packages of a stock image.
const server = "#!/usr/bin/env fakepython\n";
const python = (packages: object): string =>
  `#!/bin/sh\necho 'packages ${JSON.stringify(packages)}'\necho 'kernels ["ir", "python3"]'\n`;
const stock = {
  "jupyterhub-singleuser": server,
  fakepython: python({ jupyterhub: "6.1.1", jupyterlab: "4.6.6", nbgitpuller: "1.2.2" }),
};

test("a stock image has nothing to find, and its home, variables and packages are known", async (t) => {
  const machine = machineWith("stock", { bin: stock, home: [".bashrc", "work"] });
  const { id: _id, ...found } = await look(machine);
  t.deepEqual(found, {
    image: "r:1",
    home: machine.home,
    variables: ["PATH", "R_LIBS_USER"],
    replacesEntrypoint: false,
    packages: { jupyterhub: "6.1.1", jupyterlab: "4.6.6", nbgitpuller: "1.2.2" },
    kernels: ["ir", "python3"],
    findings: [],
  });
  for (const text of machine.asked)
    t.regex(text, /docker run --rm --network none --cap-drop ALL --user 1000:100 /);
  t.true(machine.asked[1]!.includes(`${machine.home}:uid=1000,gid=100,mode=700`));
});

test("kernels and files in the image's home are found, as the users' homes hide them", async (t) => {
  const kernel = ".local/share/jupyter/kernels/course/kernel.json";
  const machine = machineWith("hidden", { bin: stock, home: [kernel, "intro.ipynb", "data.csv"] });
  const { findings } = await look(machine);
  t.is(findings.length, 2);
  t.regex(
    findings[0]!,
    /kernel course is in .* ipykernel install --prefix=\/usr\/local --name course$/,
  );
  t.regex(findings[1]!, /^data\.csv, intro\.ipynb in .* servers: \{skeleton: \.\/FOLDER\}$/);
});

test("an image without jupyterhub-singleuser, or for another processor, is refused with what to write", async (t) => {
  const without = await userError(look(machineWith("without", {})));
  t.regex(without.message, /r:1 has no jupyterhub-singleuser/);
  t.regex(without.hint ?? "", /RUN pip install/);
  const docker = `echo 'exec /bin/sh: exec format error'; exit 1`;
  t.regex((await userError(look(machineWith("arm", { docker })))).message, /another type of proc/);
});

test("an image without user 1000, with an old hub, without JupyterLab or with volumes works, and this is found", async (t) => {
  const bin = { ...stock, fakepython: python({ jupyterhub: "4.1.6" }) };
  const machine = machineWith("old", { passwd: () => "", bin });
  const { findings, home } = await look(machine, { Volumes: { "/data": {} } });
  t.is(home, "/home/jovyan");
  t.deepEqual(
    findings.map((finding) => finding.split(/[;,]/)[0]),
    [
      "it has no user 1000",
      "its jupyterhub 4.1.6 is older than the hub's",
      "it has no JupyterLab",
      "each start makes a volume for /data that has no limit",
    ],
  );
});

test("an entrypoint that needs root is replaced if it is /init, and named otherwise", async (t) => {
  const docker = `case "$*" in *--entrypoint*) ;; *) echo 'sudo: no \u001b[2Jroot' >&2; exit 1 ;; esac`;
  const machine = machineWith("rooted", { bin: stock, docker });
  const { findings } = await look(machine, { Entrypoint: ["/start.sh"] });
  t.deepEqual(findings.length, 1);
  t.regex(findings[0]!, /does not run as an ordinary user \(sudo: no root\)/);
  const init = await look(machine, { Entrypoint: ["/init"] });
  t.true(init.replacesEntrypoint);
  t.is(init.findings.length, 1);
});

test("a home that cannot be mounted over is not used", async (t) => {
  for (const home of ["/", "/root/../etc", "", "/x", "/a b/c"]) {
    const passwd = () => `u:x:1000:100::${home}:/bin/sh`;
    const machine = machineWith(`home${home.length}${home.at(-1) ?? ""}`.replaceAll("/", "_"), {
      passwd,
      bin: stock,
    });
    t.is((await look(machine)).home, "/home/jovyan", home);
  }
});
