import { createSign, generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

const claim = "https://purl.imsglobal.org/spec/lti/claim/";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Who opens the class from which course, and in which deployment of the tool. */
export type Launch = { user: string; course: string; deployment: string };

/** A stand-in for a learning platform that signs launches properly (LTI 1.3), as nobody can install Moodle in a test. */
export const answerAsPlatform = (
  { url = "" }: IncomingMessage,
  response: ServerResponse,
  hub: string,
  launch: Launch,
  issuer: string,
): void => {
  const { pathname, searchParams: query } = new URL(url, issuer);
  response.setHeader("Content-Type", "text/html");
  if (pathname === "/keys") {
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "key-1", alg: "RS256", use: "sig" };
    response.end(JSON.stringify({ keys: [jwk] }));
  } else if (pathname === "/course") {
    const fields = {
      iss: issuer,
      login_hint: launch.user,
      target_link_uri: `${hub}/hub?next=%2Fhub%2Fhome`,
    };
    const start = `${hub}/hub/lti13/oauth_login`;
    response.end(
      `${form("window", start, fields, "_blank")}${form("frame", start, fields, "framed")}<iframe name="framed"></iframe>`,
    );
  } else if (pathname === "/auth") {
    const wanted = { redirect_uri: `${hub}/hub/lti13/oauth_callback`, response_mode: "form_post" };
    const isRight = Object.entries(wanted).every(([key, value]) => query.get(key) === value);
    const fields = {
      id_token: sign(claimsOf(launch, issuer, query.get("nonce") ?? "")),
      state: query.get("state") ?? "",
    };
    response.statusCode = isRight ? 200 : 400;
    response.end(
      isRight
        ? `${form("back", wanted.redirect_uri, fields)}<script>document.forms[0].submit()</script>`
        : "refused",
    );
  } else response.writeHead(404).end();
};

const form = (id: string, action: string, fields: Record<string, string>, target = "_self") =>
  `<form method="post" action="${action}" target="${target}">${Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    .join("")}<button id="${id}">Open</button></form>`;

const claimsOf = ({ user, course, deployment }: Launch, issuer: string, nonce: string) => {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: "client-1",
    sub: `number-of-${user}`,
    iat: now,
    exp: now + 60,
    nonce,
    [`${claim}version`]: "1.3.0",
    [`${claim}message_type`]: "LtiResourceLinkRequest",
    [`${claim}deployment_id`]: deployment,
    [`${claim}target_link_uri`]: "https://geo.example.org/hub",
    [`${claim}resource_link`]: { id: "1" },
    [`${claim}roles`]: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
    [`${claim}context`]: { id: course, label: course },
    [`${claim}custom`]: { uname: user },
  };
};

const sign = (claims: object): string => {
  const encoded = [{ alg: "RS256", kid: "key-1", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = createSign("RSA-SHA256").update(encoded.join(".")).sign(privateKey);
  return [...encoded, signature.toString("base64url")].join(".");
};
