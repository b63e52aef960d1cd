import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { writeSlips } from "../../src/roster/slips-file.js";
import { type Slip, slipsPage } from "../../src/roster/slips.js";
import { userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const of = {
  className: "geo-101",
  address: "https://geo.example.org",
  made: "2026-11-30 09:00 UTC",
};
const slip = (name: string, more: Partial<Slip> = {}): Slip => ({
  name,
  shown: name,
  password: "bado-keli-muta-rive",
  ...more,
});

test("eight slips are on a sheet, each with class, address, code, name and password", (t) => {
  const page = slipsPage(
    Array.from({ length: 17 }, (_, at) => slip(`u${at}`)),
    of,
  );
  t.is(page.match(/<section>/g)?.length, 3);
  t.is(page.match(/<article>/g)?.length, 17);
  t.is(page.match(/<svg /g)?.length, 17);
  t.is(page.match(/https:\/\/geo\.example\.org<\/dd>/g)?.length, 17);
  t.true(page.includes("<dd>u16</dd>") && page.includes("<dd>bado-keli-muta-rive</dd>"));
});

test("a slip loads nothing, and a hostile name is text", (t) => {
  const evil = `<img src="http://x.example" onerror='alert(1)'>&`;
  const page = slipsPage([slip(evil, { shown: evil })], of);
  t.false(/<(img|script|link|iframe)/i.test(page));
  t.true(
    page.includes("&lt;img src=&quot;http://x.example&quot; onerror=&#39;alert(1)&#39;&gt;&amp;"),
  );
  t.notRegex(page, /<[^>]*\s(src|href)=/);
  t.true(page.includes(`content="default-src 'none'; style-src 'unsafe-inline'"`));
});

test("slips go into a new file that only its owner can read, and never over one that is there", async (t) => {
  const folder = temporaryFolder();
  const paths = [await writeSlips(folder, "geo", "one"), await writeSlips(folder, "geo", "two")];
  t.deepEqual(
    paths,
    ["slips-geo.html", "slips-geo-2.html"].map((name) => join(folder, name)),
  );
  t.deepEqual(
    paths.map((path) => readFileSync(path, "utf8")),
    ["one", "two"],
  );
  for (const path of paths) t.is(statSync(path).mode & 0o777, 0o600);
  const { message } = await userError(writeSlips(join(folder, "none"), "geo", ""));
  t.regex(message, /the slips cannot be written to .*slips-geo\.html: ENOENT/);
});
