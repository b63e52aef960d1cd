import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import { issuedFor, nearestIssued } from "./acme/issued.js";
import { type CertificatePair, missingNames, pairFrom, writePair } from "./certificate-pair.js";
import { Problem, problemOf } from "./problem.js";
import { selfSigned } from "./self-signed.js";

/** A certificate and key that could be served. */
export type Candidate = {
  kind: Exclude<EdgeSettings["tls"]["kind"], "off">;
  pair: CertificatePair;
};

/** What could be served, the best first and never empty; `ownProblem` is why the operator's certificate is not in it. */
type Candidates = { candidates: Candidate[]; ownProblem: Problem | null };

/** Finds what could be served in the folder of certificates. A wrong clock rules out only self-signed ones: those can be replaced. */
export const candidatesFor = async (
  settings: EdgeSettings,
  now: Date,
  log: (text: string) => void,
): Promise<Candidates> => {
  const { certificates, run } = settings.folders;
  const { kind } = settings.tls;
  const [own, ownProblem] = kind === "own" ? await ownPairs(settings, now) : [[], null];
  const issued: (CertificatePair | undefined)[] =
    kind === "acme" || kind === "own"
      ? [
          await issuedFor(settings).catch(() => undefined),
          await nearestIssued(certificates, namesOf(settings), now),
        ]
      : [];
  const names = [...namesOf(settings), settings.address].filter((name) => name !== null);
  const { pair, reason } = await selfSigned(certificates, run, names, now);
  if (reason !== undefined)
    log(`created a self-signed certificate for ${names.join(" and ")}: ${reason}`);
  const candidates: Candidate[] = [
    ...own.map((each): Candidate => ({ kind: "own", pair: each })),
    ...issued
      .filter((each) => each !== undefined)
      .map((each): Candidate => ({ kind: "acme", pair: each })),
    { kind: "self-signed", pair },
  ];
  return { candidates, ownProblem };
};

/** The operator's pair, or where that cannot be served the problem and a copy of the last good one. */
const ownPairs = async (
  settings: EdgeSettings,
  now: Date,
): Promise<[CertificatePair[], Problem | null]> => {
  const { certificates } = settings.folders;
  const copy = join(certificates, "own.pem");
  try {
    const pair = await operatorsPair(settings, now);
    await writePair(copy, pair).catch(() => {});
    return [[pair], null];
  } catch (error) {
    const lastGood = await readFile(copy, "utf8")
      .then(pairFrom)
      .catch(() => undefined);
    return [lastGood === undefined ? [] : [lastGood], ownProblemOf(error)];
  }
};

const operatorsPair = async (settings: EdgeSettings, now: Date): Promise<CertificatePair> => {
  const pathOf = (name: string) => join(settings.folders.certificates, "own", name);
  const [certificates, key] = [pathOf("certificate.pem"), pathOf("key.pem")];
  const pair = pairFrom(`${await readFile(certificates, "utf8")}\n${await readFile(key, "utf8")}`);
  const missing = missingNames(pair, namesOf(settings));
  if (missing.length > 0) throw new Error(`it does not cover ${missing.join(" and ")}`);
  const { validTo } = pair.leaf;
  if (new Date(validTo).getTime() <= now.getTime()) throw new Error(`it expired on ${validTo}`);
  return pair;
};

const ownProblemOf = (error: unknown): Problem => {
  const { message, detail } = problemOf(error);
  return new Problem(
    `your own certificate cannot be served: ${message}`,
    "correct the files of tls.certificate and tls.key, then: swarmhub up",
    detail,
  );
};
