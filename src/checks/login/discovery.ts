import * as z from "zod";

const address = z.string().max(2000).startsWith("https://");

const document = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  userinfo_endpoint: address,
  end_session_endpoint: address.optional().catch(undefined),
});

/** Where the document of an issuer is (OpenID Connect Discovery 1.0). */
export const discoveryUrl = (issuer: string): string =>
  `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;

/** The addresses where users log in and out, if there is one for that; or what is wrong with the document, in words that follow "its document". */
export const authorizationIn = (
  body: string,
  issuer: string,
): { url: string; endSession: string | undefined } | { wrong: string } => {
  const found = document.safeParse(parsed(body));
  if (found.data === undefined) {
    const [key = ""] = found.error.issues[0]?.path.map(String) ?? [];
    return { wrong: key === "" ? "is not JSON" : `has no https address for ${key}` };
  }
  // Some issuers end in a slash, and people leave it out.
  if (found.data.issuer.replace(/\/+$/, "") !== issuer.replace(/\/+$/, ""))
    return { wrong: `is of the issuer ${JSON.stringify(found.data.issuer.slice(0, 200))}` };
  return { url: found.data.authorization_endpoint, endSession: found.data.end_session_endpoint };
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};
