import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { type Slip, slipsPage } from "../../src/roster/slips.js";
import { openChromium } from "./support/chromium.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const slip = (name: string, shown = name): Slip => ({
  name,
  shown,
  password: "bado-keli-muta-rive",
});
const slips = [
  slip("ada", "Ada Lovelace"),
  slip("x".repeat(254), "Y".repeat(200)),
  slip("王".repeat(254), "王".repeat(200)),
  slip(`<img src="http://127.0.0.1:9/x">`, "<script>fetch('http://127.0.0.1:9')</script>"),
  ...Array.from({ length: 16 }, (_, at) => slip(`u${at}`)),
];

test("slips are printed by a real browser, eight to a sheet of A4 or Letter, nothing is cut off, and nothing is loaded", async (t) => {
  t.timeout(120_000);
  const path = join(temporaryFolder(), "slips.html");
  const className = "a-class-with-a-name-of-forty-characters";
  const address = "https://geo-course-2026.students.example.org";
  writeFileSync(path, slipsPage(slips, { className, address, made: "2026-11-30 09:00 UTC" }));
  const browser = await openChromium();
  try {
    const page = await browser.newPage();
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(`file://${path}`);
    for (const format of ["A4", "Letter"]) {
      const pdf = (await page.pdf({ format })).toString("latin1");
      t.is(pdf.match(/\/Type\s*\/Page\b/g)?.length, 3, format);
    }
    await page.emulateMedia({ media: "print" });
    const cut = await page
      .locator("article")
      .evaluateAll(
        (articles) =>
          articles.filter(
            ({ scrollHeight, clientHeight, scrollWidth, clientWidth }) =>
              scrollHeight > clientHeight || scrollWidth > clientWidth,
          ).length,
      );
    t.is(cut, 0);
    t.is(await page.locator("img, script").count(), 0);
    t.deepEqual(requests, [`file://${path}`]);
  } finally {
    await browser.close();
  }
});
