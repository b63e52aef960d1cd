import { type Agent, request } from "node:https";
import { type LoginSite, domain } from "./site.js";

/** An answer of the class. */
export type Reply = { status: number; cookies: string; body: string };

/** Sends one request to the class through the edge. */
export const ask = (
  { port, root }: LoginSite,
  method: string,
  path: string,
  cookies: string,
  body: string,
  agent?: Agent,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, ca: root, servername: domain, agent };
    const headers = {
      Host: domain,
      Cookie: cookies,
      Origin: `https://${domain}`,
      "Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": Buffer.byteLength(body),
    };
    const sent = request({ ...options, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          cookies: (response.headers["set-cookie"] ?? [])
            .map((each) => each.split(";")[0])
            .join("; "),
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    sent.on("error", reject).end(body);
  });

/** The login page as a new browser gets it. */
export type LoginForm = { cookies: string; token: string };

/** Opens the login page. */
export const loginForm = async (site: LoginSite): Promise<LoginForm> => {
  const { body, cookies } = await ask(site, "GET", "/hub/login", "", "");
  return { cookies, token: /name="_xsrf" value="([^"]+)"/.exec(body)?.[1] ?? "" };
};

/** Sends the form of the login page. */
export const postLogin = (
  site: LoginSite,
  { cookies, token }: LoginForm,
  username: string,
  password: string,
  agent?: Agent,
): Promise<Reply> =>
  ask(
    site,
    "POST",
    "/hub/login?next=%2Fhub%2Fhome",
    cookies,
    String(new URLSearchParams({ username, password, _xsrf: token })),
    agent,
  );
