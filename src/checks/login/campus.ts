import { classUrlOn } from "../../cluster/public-address.js";
import type { CampusMethod, CasMethod, LdapMethod, LtiMethod } from "../../config/campus.js";

import { printable } from "../../text/format.js";
import type { CheckContext, Finding } from "../check.js";
import { type NoAnswer, askProvider } from "./ask.js";
import { certificateFault } from "./directory.js";
import { inspectReader } from "./reader.js";

/** How the server of a university looks from the manager, as the hub will use it. */
export const campusFindings = (method: CampusMethod, context: CheckContext): Promise<Finding[]> => {
  if (method.kind === "cas") return casFindings(method, context);
  return method.kind === "ldap" ? ldapFindings(method, context) : ltiFindings(method, context);
};

/** The login page answers, and the server knows the class as a service. */
const casFindings = async (method: CasMethod, context: CheckContext): Promise<Finding[]> => {
  const service = `${classUrlOn(context.machines, context.cluster)}/hub/cas`;
  const answer = await askProvider(
    `${method.url}/login?service=${encodeURIComponent(`${service}?state=check`)}`,
    context,
  );
  if (answer.kind !== "answer") return [noAnswer(answer, method, context)];
  if (answer.status < 400) return [{ level: "ok", text: `${method.service} answers` }];
  const refused = answer.status === 401 || answer.status === 403;
  return [
    {
      level: "warning",
      text: refused
        ? `${method.service} refuses the class (status ${answer.status})`
        : `${method.service} answers ${method.url}/login with status ${answer.status}`,
      hint: refused
        ? `register the service ${service} there, with everything behind it`
        : "correct login.cas.url in swarmhub.yaml, or ask the people who run it",
    },
  ];
};

/** The certificate is valid, and once the class is up, the reader may search. */
const ldapFindings = async (method: LdapMethod, context: CheckContext): Promise<Finding[]> => {
  const { cluster } = context;
  const fault = await certificateFault(
    cluster.manager,
    method.url,
    cluster.secrets.get("login-ca"),
  );
  if (fault !== undefined) return [noAnswer(fault, method, context)];
  const answers: Finding = { level: "ok", text: `${method.service} answers` };
  const reader = await inspectReader(cluster);
  if (reader === undefined)
    return [
      answers,
      {
        level: "note",
        text: "the hub will search in the directory; `check` tests it once the class is up",
      },
    ];
  if (reader.ok) return [answers, { level: "ok", text: `the hub can search below ${method.base}` }];
  return [
    answers,
    {
      level: "warning",
      text: printable(`the hub cannot search in the directory: ${reader.reason}`),
      hint: "correct reader, password or base of login.ldap in swarmhub.yaml, then type `swarmhub up`",
    },
  ];
};

/** The keys with which the platform signs are there. */
const ltiFindings = async (method: LtiMethod, context: CheckContext): Promise<Finding[]> => {
  const answer = await askProvider(method.keys, context);
  if (answer.kind !== "answer") return [noAnswer(answer, method, context)];
  if (answer.status === 200 && hasKeys(answer.body))
    return [{ level: "ok", text: `${method.service} answers, and its keys are found` }];
  return [
    {
      level: "warning",
      text: `${method.service} has no keys at ${method.keys} (status ${answer.status})`,
      hint: "correct login.lti in swarmhub.yaml, or ask the people who run it",
    },
  ];
};

const hasKeys = (body: string): boolean => {
  try {
    const { keys } = JSON.parse(body) as { keys?: unknown };
    return Array.isArray(keys) && keys.length > 0;
  } catch {
    return false;
  }
};

const noAnswer = (
  { kind, reason }: NoAnswer,
  { service }: CampusMethod,
  { cluster }: CheckContext,
): Finding => {
  const host = cluster.manager.name;
  if (kind === "no curl")
    return {
      host,
      level: "note",
      text: `${service} was not asked, as the manager lacks a program`,
      hint: "on the manager: `sudo apt-get install curl openssl`",
    };
  const isUnsafe = kind === "unsafe";
  return {
    host,
    level: "warning",
    text: printable(
      isUnsafe
        ? `the certificate of ${service} is not valid here: ${reason}`
        : `${service} does not answer: ${reason}`,
    ),
    hint: isUnsafe
      ? "ask the people who run it; if its root certificate is private, give it as ca in login"
      : "users cannot log in until it does; check the address, and whether a firewall is in between",
  };
};
