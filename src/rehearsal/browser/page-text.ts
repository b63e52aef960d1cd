import { printable } from "../../text/format.js";

/** What a page of the hub says to its reader, at most 300 characters: its error, or all its text without the parts of all pages. */
export const pageText = (page: string): string =>
  printable(
    (
      /<(?:div class="error"|p class="login_error")>([^]{0,4000}?)<\/(?:div|p)>/.exec(page)?.[1] ??
      page.slice(0, 100_000)
    )
      .replaceAll(/<(script|style|head|nav)\b[^]*?<\/\1>/g, "")
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll("&#39;", "'")
      .replaceAll("&#34;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll(/\s+/g, " "),
  ).slice(0, 300);

/** The files of the hub that a page loads: scripts, styles and images, each once, at most 60. */
export const filesOf = (page: string): string[] => {
  const found = [...page.matchAll(/(?:src|href)="(\/hub\/(?:static\/|logo)[^"]{1,300})"/g)];
  return [...new Set(found.map(([, path = ""]) => path.replaceAll("&amp;", "&")))].slice(0, 60);
};
