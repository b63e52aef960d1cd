import { type Locator, type Page } from "playwright-core";

/** The row of somebody on the page of the room. */
export const rowOf = (page: Page, name: string): Locator =>
  page.locator("tbody tr", { has: page.getByRole("button", { name, exact: true }) });

/** Opens the dialog of somebody. */
export const openPerson = async (page: Page, name: string): Promise<void> => {
  await rowOf(page, name).getByRole("button", { name, exact: true }).click();
  await page.locator("#person[open]").waitFor();
};

/** Presses a button in the dialog of somebody; what ends programs needs the class's name, and has the same button again without "…". */
export const act = async (
  page: Page,
  name: string,
  button: string,
  className?: string,
): Promise<void> => {
  await openPerson(page, name);
  await page.locator("#person").getByRole("button", { name: button, exact: true }).click();
  if (className === undefined) return;
  await page.fill("#confirm-input", className);
  await page.click("#confirm-yes");
};

/** Gives a home this limit in GB. */
export const giveRoom = async (page: Page, name: string, gigabytes: number): Promise<void> => {
  await openPerson(page, name);
  await page.fill("#quota-size", String(gigabytes));
  await page.getByRole("button", { name: "Set the limit" }).click();
};

/** Says something to everybody. */
export const announce = async (page: Page, text: string): Promise<void> => {
  await page.click("#announce");
  await page.fill("#announcing-text", text);
  await page.click("#announcing-form button[type=submit]");
};

/** Closes the doors of the class; servers stop after this many seconds, or go on without a number. */
export const closeDoors = async (
  page: Page,
  className: string,
  stopAfter: number | "" = "",
): Promise<void> => {
  await page.click("#close-doors");
  await page.selectOption("#doors-stop", String(stopAfter));
  await page.click("#doors-form button[type=submit]");
  await page.fill("#confirm-input", className);
  await page.click("#confirm-yes");
};
