import { request } from "node:https";
import { rosterText } from "../../../../contracts/roster.js";
import { hashPasswords, newPasswords } from "../../../../src/roster/passwords.js";
import { type LoginSite, domain } from "./site.js";

/** Has so many people on a roster log in at once through the edge; the seconds until the last one is in. Throws if one is not. */
export const logInAtOnce = async (site: LoginSite, count: number): Promise<number> => {
  const passwords = newPasswords(Array.from({ length: count }, (_, at) => `user${at}`));
  const hashes = await hashPasswords(passwords, () => {});
  const people = [...hashes].map(([name, password]) => ({
    name,
    shown: name,
    groups: [],
    password,
  }));
  await site.restart({
    settings: { loginMethod: { kind: "passwords" }, roster: true, admins: [] },
    secrets: {},
    roster: rosterText({ people }),
  });
  const forms = await Promise.all(
    [...passwords].map(async ([username, password]) => {
      const page = await ask(site, "GET", "/hub/login", "", "");
      const token = /name="_xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? "";
      return { cookies: page.cookies, form: { username, password, _xsrf: token } };
    }),
  );
  const started = performance.now();
  const answers = await Promise.all(
    forms.map(({ cookies, form }) =>
      ask(
        site,
        "POST",
        "/hub/login?next=%2Fhub%2Fhome",
        cookies,
        String(new URLSearchParams(form)),
      ),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  const refused = answers.find(({ status }) => status !== 302);
  if (refused !== undefined)
    throw new Error(`status ${refused.status}: ${refused.body.slice(-800)}`);
  return Math.round(seconds * 100) / 100;
};

type Reply = { status: number; cookies: string; body: string };

const ask = (
  { port, root }: LoginSite,
  method: string,
  path: string,
  cookies: string,
  body: string,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, ca: root, servername: domain };
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
