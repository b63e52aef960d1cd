import test from "ava";
import { keptLooks } from "../../src/images/kept-looks.js";
import { paths } from "../../src/paths.js";
import { trial } from "../../src/pieces/trial.js";
import { classOf, describeSteps, runAll } from "../support/class-of.js";
import { fakeFacts } from "../support/fakes.js";

const image = "quay.io/jupyter/scipy-notebook:2026-11-02";
const look = (id: string, name = image) => ({
  id,
  image: name,
  home: "/home/jovyan",
  variables: ["PATH"],
  replacesEntrypoint: false,
  packages: {},
  kernels: [],
  findings: [],
});
const wanted = (id: string | undefined, name = image) => ({
  image: name,
  reference: name,
  wanted: name,
  size: undefined,
  isOn: () => true,
  id,
});

const planFor = (looks: ReturnType<typeof look>[], images: ReturnType<typeof wanted>[]) => {
  const cluster = classOf(2);
  return trial.plan(cluster.config, { facts: fakeFacts(), looks, images }, cluster);
};

test("an image is tried once for each id, on the first machine that takes users", (t) => {
  const step = `worker1: try the image ${image} (as a user's server, without a network)`;
  t.deepEqual(describeSteps(planFor([], [wanted("sha256:1")])), [step]);
  t.deepEqual(describeSteps(planFor([look("sha256:1")], [wanted("sha256:1")])), []);
  t.deepEqual(describeSteps(planFor([look("sha256:1")], [wanted("sha256:2")])), [step]);
  t.deepEqual(describeSteps(planFor([], [wanted(undefined)])), [step], "not pulled yet");
});

test("what is found is kept on the manager beside what is known of the class's other images", async (t) => {
  const others = [look("sha256:8", "r:1"), look("sha256:9", "gone:1"), look("sha256:0")];
  const cluster = classOf(1, {
    answers: [
      ["cat /etc/swarmhub/images.json", JSON.stringify({ looks: others })],
      ["--entrypoint", "user jovyan:x:1000:100::/home/jovyan:/bin/sh\nentry notes.txt\n"],
      [
        "started",
        'started\nserver /usr/bin/jupyterhub-singleuser\npackages {"jupyterlab":"4.6.6"}\n',
      ],
    ],
    docker: {
      getImage: () => ({ inspect: async () => ({ Id: "sha256:1", Config: { Env: ["A=1"] } }) }),
    } as never,
  });
  const images = [wanted("sha256:1"), wanted("sha256:8", "r:1")];
  const have = { facts: fakeFacts(), looks: others, images };
  const [step] = trial.plan(cluster.config, have, cluster);
  let timesForgotten = 0;
  cluster.manager.forget = () => void timesForgotten++;
  t.deepEqual(await step!.run(() => {}), { note: "1 finding, see `swarmhub images ls`" });
  t.is(
    timesForgotten,
    1,
    "the step is another machine's, so nobody else lets the manager be read again",
  );
  const text = cluster.manager.files.get(paths.imageLooks)!;
  const kept = keptLooks(fakeFacts({ files: { [paths.imageLooks]: text } }));
  t.deepEqual(
    kept.map(({ id, image: name }) => [id, name]),
    [
      ["sha256:8", "r:1"],
      ["sha256:1", image],
    ],
  );
  t.deepEqual(kept[1]!.variables, ["A"]);
});

test("`down` removes what was found", async (t) => {
  const cluster = classOf(1, { answers: [["rm -f", ""]] });
  const facts = fakeFacts({ files: { [paths.imageLooks]: "{}" } });
  await runAll(trial.remove({ facts, looks: [], images: [] }, cluster));
  t.regex(cluster.manager.asked.join(), /rm -f \/etc\/swarmhub\/images\.json/);
});
