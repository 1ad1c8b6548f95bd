// Takes every page at 1280 and 390 px, light and dark: `cargo xtask screenshots` runs it and writes the page that shows them.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import type { Page } from "@playwright/test";

import { PAGES } from "../support/pages.js";
import { awake, expect, test } from "../support/test.js";

const folder = process.env.SCREENSHOTS;

/** Longer pages are cut off: what is further down looks like what is above. */
const HIGHEST = 1600;
/** WebP's scale from 0 to 100: text stays sharp, a page has some 30 kB. */
const QUALITY = 60;

for (const shown of PAGES) {
  test(`screenshots of ${shown.name}`, async ({ stage, house }) => {
    if (!folder) throw new Error("SCREENSHOTS names the folder to write to; `cargo xtask screenshots` sets it");
    await mkdir(folder, { recursive: true });
    const { page, address } = await shown.open({ stage, house });
    const size = page.viewportSize() ?? { width: 1280, height: 800 };
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(address);
    if (await page.locator("form.composer").count()) await awake(page);
    await shown.then?.(page);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...size, height: Math.min(HIGHEST, Math.max(size.height, height)) });
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      const picture = await shoot(page);
      expect(picture.length).toBeGreaterThan(1_000);
      await writeFile(path.join(folder, `${shown.name}-${size.width}-${scheme}.webp`), picture);
    }
  });
}

/** The window as WebP, which Playwright itself does not write. */
async function shoot(page: Page): Promise<Buffer> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY });
  await session.detach();
  return Buffer.from(data, "base64");
}
