import { closeNotice, openBrowser, openJupyterLab, saveScreenshot } from "../browser.js";
import { type Lab, roomPassword } from "../lab.js";

/** In JupyterLab, reads the disk usage in the status bar and deletes a file by hand. Throws if the file is still there. */
export const emptyByHand = async (lab: Lab, user: string, file: string): Promise<string> => {
  const browser = await openBrowser(lab);
  try {
    const page = await openJupyterLab(browser, `https://${lab.address(1)}`, user, roomPassword);
    await closeNotice(page, /Your home folder is full/);
    const bar = page.getByText(/Disk:/).first();
    await bar.waitFor({ timeout: 60_000 });
    const shown = await bar.innerText();
    const entry = page.locator(".jp-DirListing-item", { hasText: file });
    await entry.click({ timeout: 60_000 });
    await saveScreenshot(page, `full-home-${user}`);
    await page.keyboard.press("Delete");
    await page.click(".jp-Dialog .jp-mod-accept");
    await entry.waitFor({ state: "detached", timeout: 60_000 });
    const left = await lab.on(1, `ls /srv/swarmhub/homes/${user}`);
    if (left.includes(file)) throw new Error(`${file} is still on the disk`);
    return `JupyterLab shows "${shown}"`;
  } finally {
    await browser.close();
  }
};
