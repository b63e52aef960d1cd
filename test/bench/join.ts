import { createInterface } from "node:readline";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "../e2e/support/class.js";
import { type Lab, bootLab, workshop } from "../e2e/support/lab.js";
import type { User } from "../e2e/support/user.js";
import { type Figure, median, seconds } from "./figure.js";
import { stepTimes } from "./first-cell.js";
import type { Report } from "./measure-no-op.js";

/** One join: the times until the seat is offered, a server answers and `join` ends in milliseconds, the times of its parts, and its events. */
type JoinTime = {
  offered: number;
  answers: number;
  ended: number;
  pieces: string[];
  events: string;
};

/** The time for the packages alone, and for the packages and the image; milliseconds. */
type InstallTime = { apt: number; all: number };

type Start = Awaited<ReturnType<typeof workshop>>["start"];

/**
 * P7: a blank machine joins a full class, until the server of a queued user answers on it; compared with the installation of
 * the same packages and image alone. Alternately on the same machine, each from the moment at which it answers SSH.
 */
export const measureJoin = async (keep: boolean, { attempt, add, note }: Report): Promise<void> => {
  const lab = await bootLab("bench-join", 1, 2816, { prepared: true });
  try {
    const { swarmhub, start } = await workshop(lab, yamlOf(lab));
    const up = await swarmhub("up", "--yes");
    if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
    const { logIn, waitUntilDown, waitUntilQueued } = classIn(lab);
    const bob = await logIn("bob");
    if (!(await bob.start()).ready) throw new Error("bob's server does not start");
    const alice = await logIn("alice");
    const removeMachine = async (): Promise<void> => {
      await alice.stop();
      await lab.lab("kill", "2");
      await waitUntilDown("node2");
      const { code, stderr } = await swarmhub("leave", "--gone", "node2", "--yes");
      if (code !== 0) throw new Error(`swarmhub leave: ${stderr}`);
    };

    await lab.lab("up", "2", "--memory", "2048", "--packages", "");
    const installs: InstallTime[] = [];
    const joins: JoinTime[] = [];
    for (const isOurs of [false, true, true, false]) {
      if (installs.length + joins.length > 0) await lab.lab("renew", "2");
      if (isOurs) {
        await alice.readPage("/hub/spawn/alice");
        await waitUntilQueued("alice");
      }
      const title = `P7: ${isOurs ? "join" : "apt and docker pull alone"}`;
      const turn = await attempt(title, (): Promise<InstallTime | JoinTime> =>
        isOurs ? measureJoinOnce(lab, start, alice) : measureInstall(lab),
      );
      if (turn === undefined) return;
      note(title, describe(turn));
      if ("apt" in turn) installs.push(turn);
      else {
        joins.push(turn);
        await removeMachine();
      }
    }
    add(figures(installs, joins));
  } finally {
    if (!keep) await lab.lab("down");
  }
};

const measureJoinOnce = async (lab: Lab, start: Start, alice: User): Promise<JoinTime> => {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  const joining = start("--json", "join", "node2", "--yes");
  const code = new Promise<number | null>((resolve) => void joining.once("close", resolve));
  let offered = Number.NaN;
  const lines: string[] = [];
  const pieces: string[] = [];
  createInterface(joining.stdout).on("line", (line) => {
    lines.push(line);
    const { type, piece, changed } = JSON.parse(line) as Partial<Record<string, string | number>>;
    if (type === "piece-done" && changed !== 0) pieces.push(`${piece} ${seconds(elapsed())}`);
    if (line.includes('"step-done"') && line.includes("offer its seats")) offered = elapsed();
  });
  const errors: string[] = [];
  joining.stderr.on("data", (data) => void errors.push(String(data)));
  const ending = code.then((status) => {
    if (status !== 0) throw new Error(`swarmhub join: ${errors.join("")}`);
    return elapsed();
  });
  const answering = waitUntil(
    async () => ((await alice.statusOf("/user/alice/api")) === 200 ? elapsed() : undefined),
    {
      deadline: 600_000,
      every: 200,
      otherwise: () => new Error("alice's server never answered"),
    },
  );
  const [ended, answers] = await Promise.all([ending, answering]).finally(() => joining.kill());
  const container = await lab.on(2, "docker ps -q -f label=swarmhub.user=alice");
  if (container.trim() === "") throw new Error("alice's server is not on the machine that joined");
  return { offered, answers, ended, pieces, events: lines.join("\n") };
};

const measureInstall = async ({ on, registry, image }: Lab): Promise<InstallTime> => {
  const started = performance.now();
  const output = await on(
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
  return { apt: Number.parseInt(output, 10), all: performance.now() - started };
};

const figures = (installs: readonly InstallTime[], joins: readonly JoinTime[]): Figure[] => {
  const other = {
    name: "apt-get and docker pull alone",
    ms: median(installs.map(({ all }) => all)),
  };
  const figure = (what: string, ours: number): Figure => ({ bench: "P7", what, ours, other });
  return [
    {
      ...figure(
        "a blank machine joins a full class, until the server of a queued user answers",
        median(joins.map(({ answers }) => answers)),
      ),
      goal: { ratio: 1.1 },
    },
    figure("of this until its seat is offered", median(joins.map(({ offered }) => offered))),
    figure("until `join` ends", median(joins.map(({ ended }) => ended))),
  ];
};

const describe = (turn: InstallTime | JoinTime): string => {
  if ("apt" in turn) return `${seconds(turn.all)}, of this ${seconds(turn.apt)} for packages.`;
  const { offered, answers, ended, pieces, events } = turn;
  return [
    `Offered after ${seconds(offered)}, a server answered after ${seconds(answers)}, ended after ${seconds(ended)}.`,
    `Each part was complete after: ${pieces.join(", ")}. The time of each part:`,
    stepTimes(events),
  ].join("\n");
};

// By the counts of Swarm and swarmhub, the manager and the new machine have one seat each.
const yamlOf = (lab: Lab): string => `name: bench-join
manager: node1
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 1400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
