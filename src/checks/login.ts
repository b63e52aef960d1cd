import { classUrlOn } from "../cluster/public-address.js";
import type { Config, ProviderMethod } from "../config/types.js";
import { isCampus } from "../config/campus.js";
import { printable } from "../text/format.js";
import type { Check, CheckContext, Finding } from "./check.js";
import { type Answer, type NoAnswer, askProvider } from "./login/ask.js";
import { campusFindings } from "./login/campus.js";
import { authorizationIn, discoveryUrl } from "./login/discovery.js";
import { signOutFindings } from "./login/sign-out.js";

/** Seconds by which the manager's clock may differ: the hub allows 120, and a clock that is off goes on drifting. */
const allowed = 60;

/** The provider of logins answers the manager, is the configured one, and takes the class's client ID and callback address. */
export const login: Check = {
  name: "login",
  run: async (context) => {
    const { method } = context.cluster.config.login;
    const { config } = context.cluster;
    if (isCampus(method))
      return [...(await campusFindings(method, context)), ...openFindings(method, config)];
    if (!isProvider(method)) return [];
    const found = await providerFindings(method, context);
    return [...found, ...openFindings(method, config)];
  },
};

const isProvider = (method: Config["login"]["method"]): method is ProviderMethod =>
  "issuer" in method;

const providerFindings = async (
  method: ProviderMethod,
  context: CheckContext,
): Promise<Finding[]> => {
  const isGitHub = method.kind === "github";
  const url = isGitHub ? `${method.issuer}/login` : discoveryUrl(method.issuer);
  const answer = await askProvider(url, context);
  if (answer.kind !== "answer") return [noAnswer(answer, method, url, context)];
  const clock = clockFindings(answer, method, context);
  if (isGitHub)
    return answer.status < 400
      ? [{ level: "ok", text: `${method.service} answers` }, ...clock]
      : [strange(method, `answers ${url} with status ${answer.status}`)];
  if (answer.status !== 200)
    return [strange(method, `answers ${url} with status ${answer.status}`)];
  const found = authorizationIn(answer.body, method.issuer);
  if ("wrong" in found)
    return [strange(method, printable(`: the document at ${url} ${found.wrong}`))];
  return [
    { level: "ok", text: `${method.service} answers, and its addresses are found` },
    ...clock,
    ...(await clientFindings(found.url, method, context)),
    ...(await signOutFindings(found.endSession, method, callbackOf(context), (address) =>
      askProvider(address, context),
    )),
  ];
};

const noAnswer = (
  { kind, reason }: NoAnswer,
  { service }: ProviderMethod,
  url: string,
  { cluster: { manager } }: CheckContext,
): Finding => {
  const host = manager.name;
  if (kind === "no curl")
    return {
      host,
      level: "note",
      text: `${service} was not asked, as the manager has no curl`,
      hint: "on the manager: `sudo apt-get install curl`",
    };
  if (kind === "unsafe")
    return {
      host,
      level: "warning",
      text: printable(`the certificate of ${service} is not valid here: ${reason}`),
      hint: "ask the people who run it; if its root certificate is private, give it as ca in login",
    };
  return {
    host,
    level: "warning",
    text: printable(`${service} does not answer at ${url}: ${reason}`),
    hint: "users cannot log in until it does; check the address, and whether a firewall is in between",
  };
};

const strange = ({ kind, service }: ProviderMethod, what: string): Finding => ({
  level: "warning",
  text: `${service} ${what}`.replace(" : ", ": "),
  hint: `correct login.${kind} in swarmhub.yaml, or ask the people who run it`,
});

/** A provider's tokens are valid for minutes; with a wrong clock the hub takes them for old. */
const clockFindings = (
  { ahead }: Answer,
  { service }: ProviderMethod,
  { cluster: { manager } }: CheckContext,
): Finding[] =>
  ahead === undefined || Math.abs(ahead) <= allowed
    ? []
    : [
        {
          host: manager.name,
          level: "warning",
          text: `its clock is ${Math.abs(Math.round(ahead))} s ${ahead > 0 ? "ahead of" : "behind"} that of ${service}, so logins will fail`,
          hint: `synchronise it, on ${manager.name}: \`sudo apt-get install systemd-timesyncd\``,
        },
      ];

/** Most providers answer with an error page where the client ID or the callback address is not registered. */
const clientFindings = async (
  authorization: string,
  method: ProviderMethod,
  context: CheckContext,
): Promise<Finding[]> => {
  const callback = callbackOf(context);
  const url = new URL(authorization);
  const request = {
    client_id: method.client,
    redirect_uri: callback,
    response_type: "code",
    scope: "openid",
    state: "swarmhub-check",
    // A challenge of nobody's secret: providers that demand one would refuse.
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
  const answer = await askProvider(url.href, context);
  if (answer.kind !== "answer" || answer.status < 400) return [];
  return [
    {
      level: "warning",
      text: `${method.service} refuses the class (status ${answer.status})`,
      hint: `register the callback address ${callback} there, for the client ${method.client}`,
    },
  ];
};

const callbackOf = ({ cluster, machines }: CheckContext): string =>
  `${classUrlOn(machines, cluster)}/hub/oauth_callback`;

/** An institution's provider knows everybody there. */
const openFindings = (
  { kind, service }: { kind: string; service: string },
  { login: { allow, roster } }: Config,
): Finding[] =>
  !/^(oidc|cas|ldap|lti)$/.test(kind) || allow !== undefined || roster !== undefined
    ? []
    : [
        {
          level: "warning",
          text: `everybody ${kind === "lti" ? "in a course with the tool" : "with an account"} at ${service} may log in`,
          hint: "if that is too many, write a roster or allow: {groups: […]} in login, else allow: everyone",
        },
      ];
