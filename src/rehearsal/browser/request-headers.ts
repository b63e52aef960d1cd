/** What browsers request: a page in a tab, a script's request for data, or a file of a page. */
export type Purpose = "page" | "data" | "file";

export const userAgent = "Mozilla/5.0 (swarmhub rehearse)";

/** Without the headers of Fetch Metadata, JupyterHub skips its checks; the edge lets each purpose only to its own paths. */
export const headersFor = (
  purpose: Purpose,
  url: URL,
  xsrf: string,
  token: string | undefined,
): Record<string, string> => {
  const [mode, destination] = {
    page: ["navigate", "document"],
    data: ["cors", "empty"],
    file: ["no-cors", "script"],
  }[purpose] as [string, string];
  return {
    "User-Agent": userAgent,
    "Sec-Fetch-Mode": mode,
    "Sec-Fetch-Dest": destination,
    "Sec-Fetch-Site": "same-origin",
    Referer: url.origin,
    ...(purpose === "page" && { Accept: "text/html" }),
    ...(purpose !== "file" && xsrf !== "" && { "X-XSRFToken": xsrf }),
    ...(purpose === "data" && token !== undefined && { Authorization: `token ${token}` }),
  };
};
