// A plugin for oxlint: which room may import which, and the one file that runs steps. docs/architecture.md has the map.
import { dirname, join, relative, sep } from "node:path";
import { onlyReconcileRunsSteps } from "./only-reconcile-runs-steps.js";

/** Files that every room of src/ may import. They import each other only. */
const ground = ["src/errors", "src/names", "src/paths", "src/wait", "src/text"];

/** Each room, and all that it may import: whole rooms, or single files without their ending. */
export const rooms = {
  "src/cli": ["src/commands", "src/config", "src/report", ...ground],
  "src/commands": [
    "src/pieces/index",
    "src/checks",
    "src/rehearsal",
    "src/images",
    "src/swarm",
    "src/tls",
    "src/homes",
    "src/roster",
    "src/report",
    "src/reconcile",
    "src/cluster",
    "src/operator",
    "src/host",
    "src/docker",
    "src/config",
    "contracts",
    ...ground,
  ],
  "src/checks": [
    "src/pieces/index",
    "src/images",
    "src/swarm",
    "src/tls",
    "src/homes",
    "src/roster",
    "src/reconcile",
    "src/cluster",
    "src/operator",
    "src/host",
    "src/config",
    ...ground,
  ],
  "src/pieces": [
    "src/images",
    "src/swarm",
    "src/tls",
    "src/homes",
    "src/roster",
    "src/reconcile",
    "src/cluster",
    "src/operator",
    "src/host",
    "src/docker",
    "src/config",
    "contracts",
    ...ground,
  ],
  "src/rehearsal": ["src/swarm", "src/cluster", "src/host", "contracts", ...ground],
  "src/images": [
    "src/swarm",
    "src/reconcile",
    "src/cluster",
    "src/operator",
    "src/host",
    "src/docker",
    "src/config",
    ...ground,
  ],
  "src/report": ["src/reconcile/event", ...ground],
  "src/reconcile": ["src/cluster", "src/host", "src/config", ...ground],
  "src/swarm": ["src/cluster", "src/host", "src/docker", ...ground],
  "src/tls": ["src/cluster", "src/operator", "src/host", "src/config", "contracts", ...ground],
  "src/cluster": ["src/host", "src/config", "contracts", ...ground],
  "src/homes": ["src/host", "src/config", "contracts", ...ground],
  "src/roster": ["src/config", "contracts", ...ground],
  "src/host": ["src/docker", "src/transport", ...ground],
  "src/docker": ["src/transport", ...ground],
  "src/operator": ["src/config", ...ground],
  "src/config": ground,
  "src/transport": ground,
  ground: ground,
  quota: ["contracts"],
  nginx: ["contracts"],
  proxy: [],
  contracts: [],
};

/** Single files that may import what their room may not, each for a reason that is said here. */
export const exceptions = {
  // Homes that became temporary leave the quota and storage of before, which only these two can take apart.
  "src/pieces/cleanup": ["src/pieces/quota", "src/pieces/storage"],
};

/** A room imports only the rooms that `rooms` lists for it, types included; pieces do not import one another. */
const roomsKeepToTheirWalls = {
  create: (context) => {
    const from = withoutEnding(relative(context.cwd, context.filename).split(sep).join("/"));
    const room = roomOf(from);
    if (room === undefined) return {};
    const look = (node) => {
      const specifier = node.source?.value ?? node.argument?.value;
      if (typeof specifier !== "string" || !specifier.startsWith(".")) return;
      const to = withoutEnding(join(dirname(from), specifier));
      const why = refusal(from, room, to);
      if (why !== undefined) context.report({ node, message: why });
    };
    return {
      ImportDeclaration: look,
      ExportNamedDeclaration: look,
      ExportAllDeclaration: look,
      ImportExpression: look,
      TSImportType: look,
    };
  },
};

const refusal = (from, room, to) => {
  const target = roomOf(to);
  if (target === room) return room === "src/pieces" ? anotherPiece(from, to) : undefined;
  const allowed = [...rooms[room], ...(exceptions[from] ?? [])];
  if (allowed.some((each) => isWithin(to, each))) return undefined;
  return `${from} is in ${room}, which may not import ${to}: docs/architecture.md has the walls`;
};

/** A piece is `pieces/NAME.ts` with its folder; index.ts sees all of them, and all see shared/. */
const anotherPiece = (from, to) => {
  const [mine, other] = [from, to].map((path) => path.split("/")[2]);
  if (mine === other || mine === "index" || other === "shared") return undefined;
  if ((exceptions[from] ?? []).some((each) => isWithin(to, each))) return undefined;
  return `the piece ${mine} may not import the piece ${other}: what both need belongs into a room below`;
};

const roomOf = (path) => {
  if (path === "src/cli") return "src/cli";
  if (ground.some((each) => isWithin(path, each))) return "ground";
  return Object.keys(rooms).find((room) => path.startsWith(`${room}/`));
};

const isWithin = (path, place) => path === place || path.startsWith(`${place}/`);

const withoutEnding = (path) => path.replace(/\.(js|ts|d\.ts)$/, "");

export default {
  meta: { name: "walls" },
  rules: {
    "only-reconcile-runs-steps": onlyReconcileRunsSteps,
    rooms: roomsKeepToTheirWalls,
  },
};
