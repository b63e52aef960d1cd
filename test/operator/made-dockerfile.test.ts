import test from "ava";
import { dockerfileFrom } from "../../src/operator/made-dockerfile.js";
import { userError } from "../support/fakes.js";

const from = "FROM quay.io/jupyter/scipy-notebook:2026-11-02";
const copy = "COPY --chown=1000:100 . /opt/image/";

test("requirements.txt is installed into the default image by its own user", (t) => {
  t.deepEqual(dockerfileFrom({ "requirements.txt": "pandas\n" }).split("\n"), [
    "# Made by swarmhub from requirements.txt. To change it, save it in the folder as Dockerfile.",
    from,
    copy,
    "USER 1000:100",
    "RUN cd /opt/image && python -m pip install --no-cache-dir --requirement requirements.txt",
    "",
  ]);
});

test("all files together are used in one order: Debian's packages, conda's, pip's, R's", (t) => {
  const text = dockerfileFrom({
    "install.R": "",
    "requirements.txt": "",
    "environment.yml": "dependencies: [gdal]\n",
    "apt.txt": "graphviz # for plots\n\nffmpeg=7:7.1-1 git\n",
  });
  t.regex(
    text,
    /^# Made by swarmhub from apt.txt, environment.yml, requirements.txt and install.R\./,
  );
  t.deepEqual(
    text.split("\n").filter((line) => /apt-get install|conda|pip|Rscript/.test(line)),
    [
      " && apt-get install --yes --no-install-recommends graphviz ffmpeg=7:7.1-1 git \\",
      "RUN conda env update --name base --file /opt/image/environment.yml && conda clean --all --yes",
      "RUN cd /opt/image && python -m pip install --no-cache-dir --requirement requirements.txt",
      "RUN conda install --yes r-base r-irkernel && conda clean --all --yes",
      `RUN cd /opt/image && Rscript -e 'options(repos = "https://cloud.r-project.org")' -e 'source("install.R")'`,
    ],
  );
});

test("R is not installed a second time where environment.yml has it", (t) => {
  const environment = (line: string) =>
    dockerfileFrom({ "install.R": "", "environment.yml": `dependencies:\n${line}\n` });
  for (const line of ["  - r-base=4.5", '- "conda-forge::r-base"'])
    t.notRegex(environment(line), /conda install/, line);
  t.regex(environment("  - r-basement"), /conda install --yes r-base r-irkernel/);
});

for (const [line, word] of [
  ["$(reboot)", "$(reboot)"],
  ["git; reboot", "git;"],
  ["--allow-downgrades", "--allow-downgrades"],
])
  test(`apt.txt has names of packages only, not ${word}`, async (t) => {
    const error = await userError(
      Promise.resolve().then(() => dockerfileFrom({ "apt.txt": `git\n${line}\n` })),
    );
    t.is(error.reason, `has ${JSON.stringify(word)} in line 2 of apt.txt`);
  });
