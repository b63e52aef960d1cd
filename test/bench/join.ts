import { createInterface } from "node:readline";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "../e2e/support/class.js";
import { type Lab, bootLab, workshop } from "../e2e/support/lab.js";
import type { Person } from "../e2e/support/user.js";
import { type Figure, median, seconds } from "./figure.js";
import { stepByStep } from "./first-cell.js";
import type { Book } from "./measure-no-op.js";

/** A machine that joined: until its seat was offered, until a server answered there, until `join` ended; milliseconds; when its pieces ended, and its events. */
type Joined = { offered: number; answers: number; ended: number; pieces: string[]; said: string };

/** The packages and the image alone, and of this the packages; milliseconds. */
type Bare = { apt: number; all: number };

type Start = Awaited<ReturnType<typeof workshop>>["start"];

/**
 * P7: a blank machine joins a class that is full, until the server of who waits in line answers there; against the same
 * packages and image alone on the same machine. In turns, each from the moment at which the blank machine answers SSH.
 */
export const measureJoin = async (keep: boolean, { attempt, add, note }: Book): Promise<void> => {
  const lab = await bootLab("bench-join", 1, 2816, { prepared: true });
  try {
    const { swarmhub, start } = await workshop(lab, yamlOf(lab));
    const up = await swarmhub("up", "--yes");
    if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
    const { arrive, waitsInLine, goesDown } = classIn(lab);
    const bob = await arrive("bob");
    if (!(await bob.start()).ready) throw new Error("bob's server does not start");
    const alice = await arrive("alice");
    const forget = async (): Promise<void> => {
      await alice.stop();
      await lab.lab("kill", "2");
      await goesDown("node2");
      const { code, stderr } = await swarmhub("leave", "--gone", "node2", "--yes");
      if (code !== 0) throw new Error(`swarmhub leave: ${stderr}`);
    };

    await lab.lab("up", "2", "--memory", "2048", "--with", "");
    const bare: Bare[] = [];
    const joined: Joined[] = [];
    for (const isOurs of [false, true, true, false]) {
      if (bare.length + joined.length > 0) await lab.lab("renew", "2");
      if (isOurs) {
        await alice.read("/hub/spawn/alice");
        await waitsInLine("alice");
      }
      const what = `P7: ${isOurs ? "join" : "apt and docker pull alone"}`;
      const turn = await attempt(what, (): Promise<Bare | Joined> =>
        isOurs ? joinOnce(lab, start, alice) : bareOnce(lab),
      );
      if (turn === undefined) return;
      note(what, told(turn));
      if ("apt" in turn) bare.push(turn);
      else {
        joined.push(turn);
        await forget();
      }
    }
    add(figures(bare, joined));
  } finally {
    if (!keep) await lab.lab("down");
  }
};

const joinOnce = async (lab: Lab, start: Start, alice: Person): Promise<Joined> => {
  const begun = performance.now();
  const since = () => performance.now() - begun;
  const joining = start("--json", "join", "node2", "--yes");
  const code = new Promise<number | null>((ended) => void joining.once("close", ended));
  let offered = Number.NaN;
  const lines: string[] = [];
  const pieces: string[] = [];
  createInterface(joining.stdout).on("line", (line) => {
    lines.push(line);
    const { type, piece, changed } = JSON.parse(line) as Partial<Record<string, string | number>>;
    if (type === "piece-done" && changed !== 0) pieces.push(`${piece} ${seconds(since())}`);
    if (line.includes('"step-done"') && line.includes("offer its seats")) offered = since();
  });
  const complaints: string[] = [];
  joining.stderr.on("data", (data) => void complaints.push(String(data)));
  const ending = code.then((status) => {
    if (status !== 0) throw new Error(`swarmhub join: ${complaints.join("")}`);
    return since();
  });
  const answering = waitUntil(
    async () => ((await alice.status("/user/alice/api")) === 200 ? since() : undefined),
    {
      deadline: 600_000,
      every: 200,
      otherwise: () => new Error("alice's server never answered"),
    },
  );
  const [ended, answers] = await Promise.all([ending, answering]);
  const there = await lab.on(2, "docker ps -q -f label=swarmhub.user=alice");
  if (there.trim() === "") throw new Error("alice's server is not on the machine that joined");
  return { offered, answers, ended, pieces, said: lines.join("\n") };
};

const bareOnce = async ({ on, registry, image }: Lab): Promise<Bare> => {
  const begun = performance.now();
  const said = await on(
    2,
    `set -e
begun=$(date +%s%3N)
export DEBIAN_FRONTEND=noninteractive
mkdir -p /etc/docker
echo '{"registry-mirrors": ["http://${registry}"]}' >/etc/docker/daemon.json
apt-get -qq -o Acquire::Languages=none update
apt-get -qq install -y --no-install-recommends docker.io docker-cli >/dev/null
echo "$(($(date +%s%3N) - begun)) ms"
docker pull -q ${image} >/dev/null`,
  );
  return { apt: Number.parseInt(said, 10), all: performance.now() - begun };
};

const figures = (bare: readonly Bare[], joined: readonly Joined[]): Figure[] => {
  const other = { name: "apt-get and docker pull alone", ms: median(bare.map(({ all }) => all)) };
  const figure = (what: string, ours: number): Figure => ({ bench: "P7", what, ours, other });
  return [
    {
      ...figure(
        "a blank machine joins a full class, until the server of who waited answers there",
        median(joined.map(({ answers }) => answers)),
      ),
      goal: { ratio: 1.1 },
    },
    figure("of this until its seat is offered", median(joined.map(({ offered }) => offered))),
    figure("until `join` is at its end", median(joined.map(({ ended }) => ended))),
  ];
};

const told = (turn: Bare | Joined): string => {
  if ("apt" in turn) return `${seconds(turn.all)}, of this packages ${seconds(turn.apt)}.`;
  const { offered, answers, ended, pieces, said } = turn;
  return [
    `Offered after ${seconds(offered)}, a server answered after ${seconds(answers)}, ended after ${seconds(ended)}.`,
    `When each piece was there: ${pieces.join(", ")}. How long each took:`,
    stepByStep(said),
  ].join("\n");
};

// Swarm sees room for one on the manager and one on the newcomer, as we count them.
const yamlOf = (lab: Lab): string => `name: bench-join
manager: node1
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 1400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
