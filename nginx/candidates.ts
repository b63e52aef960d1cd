import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import { issuedFor, nearestIssued } from "./acme/issued.js";
import { type Pair, missingNames, pairFrom, writePair } from "./certificate-pair.js";
import { Problem, problemOf } from "./problem.js";
import { selfSigned } from "./self-signed.js";

/** A pair that could be served. */
export type Candidate = { kind: Exclude<EdgeSettings["tls"]["kind"], "off">; pair: Pair };

/** What could be served, the best first and always something; and why an own certificate is not among it. */
export type Candidates = { candidates: Candidate[]; ownTrouble: Problem | null };

/** Looks for them in the folder of the certificates. A wrong clock excludes none but self-signed ones: those can be made again. */
export const candidatesFor = async (
  settings: EdgeSettings,
  now: Date,
  say: (text: string) => void,
): Promise<Candidates> => {
  const { certificates, run } = settings.folders;
  const { kind } = settings.tls;
  const [own, ownTrouble] = kind === "own" ? await ownPairs(settings, now) : [[], null];
  const issued: (Pair | undefined)[] =
    kind === "acme" || kind === "own"
      ? [
          await issuedFor(settings).catch(() => undefined),
          await nearestIssued(certificates, namesOf(settings), now),
        ]
      : [];
  const names = [...namesOf(settings), settings.address].filter((name) => name !== null);
  const { pair, why } = await selfSigned(certificates, run, names, now);
  if (why !== undefined) say(`made a self-signed certificate for ${names.join(" and ")}: ${why}`);
  const candidates: Candidate[] = [
    ...own.map((each): Candidate => ({ kind: "own", pair: each })),
    ...issued
      .filter((each) => each !== undefined)
      .map((each): Candidate => ({ kind: "acme", pair: each })),
    { kind: "self-signed", pair },
  ];
  return { candidates, ownTrouble };
};

/** The operator's pair and the copy of the last one that was good; the reason where the first of them cannot be served. */
const ownPairs = async (settings: EdgeSettings, now: Date): Promise<[Pair[], Problem | null]> => {
  const { certificates } = settings.folders;
  const copy = join(certificates, "own.pem");
  try {
    const pair = await operatorsPair(settings, now);
    await writePair(copy, pair).catch(() => {});
    return [[pair], null];
  } catch (error) {
    const kept = await readFile(copy, "utf8")
      .then(pairFrom)
      .catch(() => undefined);
    return [kept === undefined ? [] : [kept], ownTrouble(error)];
  }
};

const operatorsPair = async (settings: EdgeSettings, now: Date): Promise<Pair> => {
  const at = (name: string) => join(settings.folders.certificates, "own", name);
  const [certificates, key] = [at("certificate.pem"), at("key.pem")];
  const pair = pairFrom(`${await readFile(certificates, "utf8")}\n${await readFile(key, "utf8")}`);
  const missing = missingNames(pair, namesOf(settings));
  if (missing.length > 0) throw new Error(`it is not for ${missing.join(" and ")}`);
  const { validTo } = pair.leaf;
  if (new Date(validTo).getTime() <= now.getTime()) throw new Error(`it ended on ${validTo}`);
  return pair;
};

const ownTrouble = (error: unknown): Problem => {
  const { message, detail } = problemOf(error);
  return new Problem(
    `the certificate of your own cannot be served: ${message}`,
    "put right the files that tls.certificate and tls.key name, then: swarmhub up",
    detail,
  );
};
