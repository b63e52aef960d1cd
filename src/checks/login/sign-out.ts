import type { ProviderMethod } from "../../config/types.js";
import type { Finding } from "../check.js";
import type { Answer, NoAnswer } from "./ask.js";

/** Whether the provider sends people back after a logout, as far as that can be seen: most answer with an error page otherwise. */
export const signOutFindings = async (
  endSession: string | undefined,
  { service, client }: ProviderMethod,
  callback: string,
  ask: (url: string) => Promise<Answer | NoAnswer>,
): Promise<Finding[]> => {
  if (endSession === undefined)
    return [
      {
        level: "note",
        text: `a logout ends the login at the class only, as ${service} has no address for logouts`,
      },
    ];
  const url = new URL(endSession);
  url.searchParams.set("client_id", client);
  url.searchParams.set("post_logout_redirect_uri", callback);
  const answer = await ask(url.href);
  if (answer.kind !== "answer" || answer.status < 400) return [];
  return [
    {
      level: "warning",
      text: `${service} shows an error after a logout (status ${answer.status})`,
      hint: `register ${callback} there as an address after logouts too, for the client ${client}`,
    },
  ];
};
