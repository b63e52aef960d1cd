import { renderSVG } from "uqr";

/** One slip: the name for people, the user name and the password. */
export type Slip = { shown: string; name: string; password: string };

/** All that slips have in common. `made` is the moment, "2026-11-30 09:00 UTC". */
export type SlipsOf = { className: string; address: string; made: string };

const onSheet = 8;

/** A page to print and cut: eight slips on a sheet of A4 or Letter. It loads nothing, and its policy forbids it to. */
export const slipsPage = (
  slips: readonly Slip[],
  { className, address, made }: SlipsOf,
): string => {
  const code = renderSVG(address, { ecc: "M", border: 2, pixelSize: 4 });
  const sheets = Array.from({ length: Math.ceil(slips.length / onSheet) }, (_, sheet) =>
    slips.slice(sheet * onSheet, (sheet + 1) * onSheet),
  );
  const body = sheets.map((sheet) => {
    const all = sheet.map((slip) => slipText(slip, { className, address, code }));
    return `<section>\n${all.join("")}</section>\n`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Slips of ${escaped(className)}, ${escaped(made)}</title>
<style>${style}</style>
</head>
<body>
<p class="note">Slips of ${escaped(className)}, made ${escaped(made)}. Print them and delete this file: the passwords are nowhere else.</p>
${body.join("")}</body>
</html>
`;
};

const slipText = (
  { shown, name, password }: Slip,
  { className, address, code }: { className: string; address: string; code: string },
): string => `<article>
<header><b>${escaped(className)}</b> <span>${escaped(shown)}</span></header>
<figure>${code}</figure>
<dl>
<dt>Address</dt><dd${sizeOf(address)}>${escaped(address)}</dd>
<dt>User name</dt><dd${sizeOf(name)}>${escaped(name)}</dd>
<dt>Password</dt><dd${sizeOf(password)}>${escaped(password)}</dd>
</dl>
</article>
`;

/** Small print for a long text, so that a name of 254 characters does not push the password off the slip. */
const sizeOf = (text: string): string =>
  text.length <= 24 ? "" : text.length <= 60 ? ' class="long"' : ' class="longest"';

// Two columns and four rows of 92 x 63 mm fit on A4 (210 x 297 mm) and on Letter (216 x 279 mm), with 10 mm at each edge.
const style = `
@page { size: auto; margin: 10mm }
* { box-sizing: border-box }
body { margin: 0; font: 10pt/1.3 sans-serif; color: #000; background: #fff }
section { display: grid; grid-template-columns: repeat(2, 92mm); grid-auto-rows: 63mm; width: 184mm; margin: 0 auto }
section + section { break-before: page }
article { display: grid; grid-template: auto 1fr / 30mm 1fr; gap: 1mm 3mm; padding: 5mm; overflow: hidden; border: 0.2mm dashed #999; break-inside: avoid }
header { grid-column: 1 / 3; max-height: 11mm; overflow: hidden; overflow-wrap: anywhere }
header span { float: right; max-width: 60% }
figure { margin: 0 }
figure svg { display: block; width: 30mm; height: 30mm }
dl, dd { margin: 0 }
dt { font-size: 8pt; color: #555 }
dd { font: bold 12pt/1.2 monospace; overflow-wrap: anywhere }
dd.long { font-size: 8pt }
dd.longest { font-size: 5pt }
.note { width: 184mm; margin: 4mm auto }
@media print { .note { display: none } }
`;

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (each) => entities[each] ?? "");
