import type { Lab } from "../e2e/support/lab.js";
import { type Figure, median } from "./figure.js";

const storage = "/srv/swarmhub";
const tools = "/opt/quota-bench";
const comparedFolder = `${storage}/compared`;

/** The output of folders.py, in seconds; `last` is null if all folders were missed. */
export type Folders = {
  made: number;
  all: number;
  p50: number | null;
  last: number | null;
  missed: number;
};

type FolderOptions = {
  folder: string;
  prefix: string;
  count: number;
  limit: number;
  deadline: number;
};

/** Creates folders and waits until each has its limit in bytes; with `markers`, a folder, also until its pending marker is removed. */
const makeFolders = async (lab: Lab, options: FolderOptions, markers = ""): Promise<Folders> => {
  const { folder, prefix, count, limit, deadline } = options;
  const command = `python3 ${tools}/folders.py ${folder} ${prefix} ${count} ${limit} ${deadline} ${markers}`;
  return JSON.parse(await lab.on(1, command)) as Folders;
};

/** Creates homes like the hub, with pending markers. Throws if one of them gets no limit within twenty minutes. */
export const makeHomes = async (
  lab: Lab,
  prefix: string,
  count: number,
  limit: number,
): Promise<Folders & { last: number }> => {
  const options = { folder: `${storage}/homes`, prefix, count, limit, deadline: 1200 };
  const { last, ...folders } = await makeFolders(lab, options, `${storage}/pending`);
  if (folders.missed > 0 || last === null)
    throw new Error(`${folders.missed} of ${count} homes got no limit`);
  return { ...folders, last };
};

/** Puts the scripts on the storage host. */
export const installTools = async (lab: Lab): Promise<void> => {
  await lab.put(1, "scripts/bench.d", tools);
  await lab.on(1, `mkdir -p ${comparedFolder} && command -v python3`);
};

/** P5: the time from a new folder to its limit in force, for one and for 1,000 at once: ours, incron with the usual script, a poller. */
export const measureLimits = async (lab: Lab, limit: number): Promise<Figure[]> => {
  const ours = {
    one: await medianOfFive((turn) => makeHomes(lab, `one${turn}-`, 1, limit)),
    many: await makeHomes(lab, "many-", 1000, limit),
  };
  await lab.on(1, "docker stop bench-quota");
  try {
    const incron = await byIncron(lab, limit);
    const poller = await byPoller(lab, limit);
    const figure = (what: string, time: number, name: string, other: number): Figure => ({
      bench: "P5a",
      what,
      ours: time * 1000,
      other: { name, ms: other * 1000 },
    });
    const missed = (name: string, { many }: typeof incron) =>
      many.missed === 0 ? name : `${name}, ${many.missed} missed`;
    const [one, many] = ["new folder → limit in force", "1,000 at once, until the last"];
    return [
      figure(one, ours.one, "incron", incron.one),
      figure(one, ours.one, "30 s poller", poller.one),
      {
        ...figure(many, ours.many.last, missed("incron", incron), incron.many.all),
        goal: { ratio: 0.1 },
      },
      figure(many, ours.many.last, missed("30 s poller", poller), poller.many.all),
    ];
  } finally {
    await lab.on(1, `docker start bench-quota; rm -rf ${comparedFolder} /etc/projects /etc/projid`);
  }
};

const medianOfFive = async (make: (turn: number) => Promise<Folders>): Promise<number> => {
  const times: number[] = [];
  for (let turn = 1; turn <= 5; turn++) times.push((await make(turn)).last ?? Number.NaN);
  return median(times);
};

const byIncron = async (lab: Lab, limit: number) => {
  const rule = `${comparedFolder} IN_CREATE,IN_ONLYDIR,recursive=false ${tools}/set-quota.sh $@/$# ${limit}`;
  await lab.on(
    1,
    `set -e
     export DEBIAN_FRONTEND=noninteractive
     apt-get -q update
     apt-get -q install -y --no-install-recommends incron
     rm -f /etc/projects /etc/projid
     echo '${rule}' >/etc/incron.d/quota
     systemctl restart incron`,
  );
  const options = { folder: comparedFolder, limit, deadline: 400 };
  const one = await medianOfFive((turn) =>
    makeFolders(lab, { ...options, prefix: `one${turn}-`, count: 1 }),
  );
  const many = await makeFolders(lab, { ...options, prefix: "many-", count: 1000 });
  await lab.on(1, "rm -f /etc/incron.d/quota; systemctl stop incron");
  return { one, many };
};

const byPoller = async (lab: Lab, limit: number) => {
  await lab.on(
    1,
    `rm -rf ${comparedFolder}/* /etc/projid; : >/etc/projects
     systemd-run --unit quota-poller ${tools}/poll-quota.sh ${comparedFolder} ${limit}`,
  );
  const options = { folder: comparedFolder, limit, deadline: 500 };
  const { last } = await makeFolders(lab, { ...options, prefix: "one-", count: 1 });
  const many = await makeFolders(lab, { ...options, prefix: "many-", count: 1000 });
  await lab.on(1, "systemctl stop quota-poller");
  return { one: last ?? Number.NaN, many };
};
