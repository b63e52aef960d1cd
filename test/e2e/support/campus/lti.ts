import type { Browser, BrowserContext, Page } from "playwright-core";
import type { LoginSite } from "../login/site.js";
import { tryDemotion } from "./demotion.js";
import type { CampusServers, Fault } from "./servers.js";
import { expect, hub, isIn, refusalOn, statusOf, step } from "./steps.js";

const openFrom = async (course: Page): Promise<Page> => {
  const opened = course.context().waitForEvent("page");
  await course.click("#window");
  return opened;
};

/** Logs in by a link in a course, in every way. */
export const tryLti = async (
  browser: Browser,
  campus: CampusServers,
  site: LoginSite,
): Promise<void> => {
  const courseIn = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${campus.address}/course`);
    return page;
  };
  const context = await browser.newContext();
  const course = await courseIn(context);
  const open = () => openFrom(course);
  await step("lti: a link in a course is in, in a new window", async () => isIn(await open()));
  await step("lti: it does not open in a frame", async () => {
    const [answer] = await Promise.all([
      course.waitForResponse(`${hub}/hub/lti13/oauth_login`),
      course.click("#frame"),
    ]);
    expect(answer.status(), 403);
  });
  await step("lti: out, and in again from the course", async () => {
    const page = await open();
    await isIn(page);
    await page.click("#logout");
    await page.getByText("Open the class from your course in Moodle.").waitFor();
    await isIn(await open());
  });
  campus.launch.course = "8";
  await step("lti: another course is refused", async () => {
    await context.clearCookies();
    await refusalOn(await open(), "You logged in as ada. The class geo-101 is open to members of");
  });
  Object.assign(campus.launch, { course: "7", deployment: "5" });
  await step("lti: another deployment is refused", async () =>
    refusalOn(await open(), "This launch is not valid."),
  );
  campus.launch.deployment = "4";
  await step("lti: the login page says where to open the class", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${hub}/hub/login`);
    await page.getByText("Open the class from your course in Moodle.").waitFor();
    expect(await page.locator("input[type=password]").count(), 0);
  });
  const newBrowser = () => browser.newContext();
  await tryKeys(
    await courseIn(await newBrowser()),
    await courseIn(await newBrowser()),
    campus,
    site,
  );
  const signIn = async (into: BrowserContext, name: string): Promise<Page> => {
    // The admin comes from a course that is not one of the class.
    Object.assign(campus.launch, { user: name, course: name === "prof" ? "8" : "7" });
    const page = await openFrom(await courseIn(into));
    await page.waitForURL(`${hub}/hub/home`);
    return page;
  };
  const after = { admins: ["prof"], allowedGroups: ["course:7"] };
  await tryDemotion({ method: "lti", newBrowser, signIn }, site, after);
};

/** What goes wrong with the address of the platform's keys. The hub that has read them uses them for five minutes, so it starts anew. */
const tryKeys = async (
  course: Page,
  other: Page,
  campus: CampusServers,
  site: LoginSite,
): Promise<void> => {
  const inside = await openFrom(course);
  await isIn(inside);
  const fault = (next: Fault) => () => campus.setFault(next);
  const unreadable = "Moodle gave an answer that this class does not understand.";
  const silent = "Moodle does not answer. Try again in a minute.";
  const faults: [string, () => unknown, string][] = [
    ["nonsense instead of keys", fault("nonsense"), unreadable],
    ["an error instead of keys", fault("error"), unreadable],
    ["silence instead of keys", fault("silent"), silent],
    ["a platform that is down", fault("down"), silent],
    [
      "an expired certificate of the keys",
      () => campus.setExpired(true),
      "Moodle cannot be reached safely, because its certificate is not valid",
    ],
  ];
  await site.restart({ settings: {}, secrets: {} });
  for (const [what, begin, words] of faults) {
    await begin();
    await step(`lti: ${what} is a sentence`, async () => refusalOn(await openFrom(other), words));
    await step(`lti: with ${what}, those who are in go on`, async () =>
      expect(await statusOf(inside, "/hub/api/user"), 200),
    );
    await campus.setFault("");
    campus.setExpired(false);
  }
  await step("lti: after all that, a launch is in", async () => isIn(await openFrom(other)));
  campus.setExpired(true);
  await step("lti: keys that were read count for a while", async () => isIn(await openFrom(other)));
  campus.setExpired(false);
};
