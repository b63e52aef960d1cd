import type { Lab } from "../e2e/machines.js";
import { median, type Figure } from "./figure.js";

const storage = "/srv/swarmhub";
const tools = "/opt/quota-bench";
const rival = `${storage}/rival`;

/** What folders.py answers, in seconds. */
type Folders = { made: number; all: number; p50: number; last: number; missed: number };

/** Makes folders and waits until each has its limit, of so many bytes. */
export const makeFolders = async (
  lab: Lab,
  given: {
    folder: string;
    prefix: string;
    count: number;
    limit: number;
    deadline: number;
    marks?: string;
  },
): Promise<Folders> => {
  const { folder, prefix, count, limit, deadline, marks = "" } = given;
  const command = `python3 ${tools}/folders.py ${folder} ${prefix} ${count} ${limit} ${deadline} ${marks}`;
  return JSON.parse(await lab.on(1, command)) as Folders;
};

/** Homes as the hub makes them: with a mark, which must be gone as well. */
export const makeHomes = (lab: Lab, prefix: string, count: number, limit: number, deadline = 600) =>
  makeFolders(lab, {
    folder: `${storage}/homes`,
    prefix,
    count,
    limit,
    deadline,
    marks: `${storage}/pending`,
  });

/** Puts the scripts on the storage host. */
export const installTools = async (lab: Lab): Promise<void> => {
  await lab.put(1, "test/bench", tools);
  await lab.put(1, "scripts/bench.d", tools);
  await lab.on(1, `mkdir -p ${rival} && chmod +x ${tools}/*.sh && command -v python3`);
};

/** P5: from a new folder to its limit in force, one and 1,000 at once, ours, by incron's script and by a poller. */
export const measureLimits = async (lab: Lab, limit: number): Promise<Figure[]> => {
  await installTools(lab);
  const ones: number[] = [];
  for (let turn = 0; turn < 5; turn++)
    ones.push((await makeHomes(lab, `one${turn}-`, 1, limit)).last);
  const ours = { one: median(ones), many: await makeHomes(lab, "many-", 1000, limit) };
  if (ours.many.missed > 0) throw new Error(`${ours.many.missed} of 1,000 homes got no limit`);
  await lab.on(1, "docker stop swarmhub-quota");
  const incron = await byIncron(lab, limit);
  const poller = await byPoller(lab, limit);
  await lab.on(1, "docker start swarmhub-quota");
  const line = (what: string, ms: number, name: string, other: number, ratio?: number): Figure => ({
    bench: "P5",
    what,
    ours: ms * 1000,
    other: { name, ms: other * 1000 },
    ...(ratio !== undefined && { goal: { ratio } }),
  });
  const missed = (folders: Folders) => (folders.missed > 0 ? `, ${folders.missed} missed` : "");
  return [
    line("new folder → limit in force", ours.one, "incron", incron.one),
    line("the same", ours.one, "30 s poller", poller.one),
    line(
      "1,000 at once, until the last",
      ours.many.last,
      `incron${missed(incron.many)}`,
      incron.many.all,
      0.1,
    ),
    line("the same", ours.many.last, `30 s poller${missed(poller.many)}`, poller.many.all),
  ];
};

const byIncron = async (lab: Lab, limit: number) => {
  await lab.on(
    1,
    `export DEBIAN_FRONTEND=noninteractive; command -v incrond || apt-get -q install -y --no-install-recommends incron`,
  );
  await lab.on(
    1,
    `rm -f /etc/projects /etc/projid; mkdir -p /etc/incron.d
     echo '${rival} IN_CREATE,IN_ONLYDIR,recursive=false ${tools}/set-quota.sh $@/$# ${limit}' >/etc/incron.d/quota
     systemctl restart incron 2>/dev/null || (incrond && true)`,
  );
  const ones: number[] = [];
  for (let turn = 0; turn < 5; turn++)
    ones.push(
      (
        await makeFolders(lab, {
          folder: rival,
          prefix: `one${turn}-`,
          count: 1,
          limit,
          deadline: 60,
        })
      ).last,
    );
  const many = await makeFolders(lab, {
    folder: rival,
    prefix: "many-",
    count: 1000,
    limit,
    deadline: 400,
  });
  await lab.on(1, "rm -f /etc/incron.d/quota; systemctl stop incron 2>/dev/null; true");
  return { one: median(ones), many };
};

const byPoller = async (lab: Lab, limit: number) => {
  await lab.on(
    1,
    `rm -rf ${rival}/*; rm -f /etc/projects /etc/projid; touch /etc/projects
     systemd-run --unit quota-poller ${tools}/poll-quota.sh ${rival} ${limit}`,
  );
  const { last: one } = await makeFolders(lab, {
    folder: rival,
    prefix: "one-",
    count: 1,
    limit,
    deadline: 60,
  });
  const many = await makeFolders(lab, {
    folder: rival,
    prefix: "many-",
    count: 1000,
    limit,
    deadline: 500,
  });
  await lab.on(1, `systemctl stop quota-poller; rm -rf ${rival}`);
  return { one, many };
};
