// What holds for every page: axe finds nothing, nothing jumps, nothing is wider than the window, everything is large enough to hit.
import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { PAGES } from "../support/pages.js";
import { awake, expect, expectAccessible, shift, test } from "../support/test.js";

/** Layout shift that nobody notices; "good" ends at 0.1 (https://web.dev/cls). */
const SHIFT = 0.02;

test("every route has a row in the table of pages", async () => {
  const source = await readFile(new URL("../../app/src/routes.rs", import.meta.url), "utf8");
  const routes = [...source.matchAll(/\bpath: "([^"]+)"/g)].map(([, route]) => route);
  expect(routes.length).toBeGreaterThan(5);
  expect(new Set(PAGES.flatMap(({ route }) => route ?? []))).toEqual(new Set(routes));
});

for (const shown of PAGES) {
  test(`${shown.name} is accessible, steady and easy to hit`, async ({ stage, house, isMobile }) => {
    const { page, address } = await shown.open({ stage, house });
    const answer = await page.goto(address);
    expect(answer?.status()).toBe(shown.status);
    if (await page.locator("form.composer").count()) await awake(page);
    await shown.then?.(page);
    expect(await shift(page), "layout shift").toBeLessThan(SHIFT);
    expect(await overflow(page), "pixels wider than the window").toBe(0);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: "dark" });
    await expectAccessible(page);
    if (isMobile) expect(await small(page), "targets under 44 x 44").toEqual([]);
  });
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}

/**
 * What can be pressed but is smaller than 44 × 44 CSS pixels (WCAG 2.5.5), closed menus and dialogs included. A control's label
 * counts with it. Links within a line of text are excepted, as there.
 */
async function small(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const TARGET = 44;
    /** A hundredth of a pixel is lost where fractions of one are laid out. */
    const SLACK = 0.05;
    const INTERACTIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']";
    const inline = (element: Element) =>
      element.matches("a") &&
      getComputedStyle(element).display === "inline" &&
      (element.parentElement?.textContent ?? "").trim() !== (element.textContent ?? "").trim();
    const boxes = (element: Element) => {
      const labels = "labels" in element ? [...((element.labels as NodeListOf<Element> | null) ?? [])] : [];
      return [element, ...labels].map((one) => one.getBoundingClientRect());
    };
    const found = new Set<string>();
    const look = (root: ParentNode) => {
      for (const element of root.querySelectorAll(INTERACTIVE)) {
        if (!element.checkVisibility({ visibilityProperty: true }) || inline(element)) continue;
        if (boxes(element).some(({ width, height }) => width >= TARGET - SLACK && height >= TARGET - SLACK)) continue;
        const { width, height } = element.getBoundingClientRect();
        found.add(`${element.outerHTML.slice(0, 120)}: ${width.toFixed(1)} x ${height.toFixed(1)}`);
      }
    };
    look(document);
    for (const popover of document.querySelectorAll<HTMLElement>("[popover]")) {
      popover.showPopover();
      look(popover);
      popover.hidePopover();
    }
    return [...found];
  });
}
