// The keyboard's short ways: single keys, two keys after each other, and the command palette.
import type { Page } from "@playwright/test";

import { ask, deployed, expect, expectAccessible, invite, join, test } from "../support/test.js";

test.skip(({ isMobile }) => isMobile, "a phone has no such keys");

const box = (page: Page) => page.getByRole("combobox", { name: "Go to a place, or do something" });
const option = (page: Page, name: string | RegExp) => page.getByRole("option", { name });

/** Presses keys one after the other, and again until the script is awake and they have led to `path`. */
async function lead(page: Page, keys: string, path: string | RegExp): Promise<void> {
  await expect(async () => {
    for (const key of keys) await page.keyboard.press(key);
    await expect(page).toHaveURL(path, { timeout: 1_000 });
  }).toPass();
}

/** Waits for the page itself: one that is left while it still comes complains about its transition. */
async function arrived(page: Page, heading: string | RegExp): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: heading }).first()).toBeVisible();
}

async function open(page: Page): Promise<void> {
  await expect(async () => {
    if (!(await box(page).isVisible())) await page.keyboard.press("Control+k");
    await expect(box(page)).toBeFocused({ timeout: 500 });
  }).toPass();
}

test("g and a letter lead to a place", async ({ ada, home }) => {
  await ada.goto("/account");
  for (const [keys, path] of [["gd", "/admin"], ["gs", "/admin/stacks"], ["ge", "/admin/environments"], ["ga", "/admin/applies"], ["gp", "/admin/people"], ["gh", "/"]] as const) {
    await lead(ada, keys, home + path);
  }
  await lead(ada, "gc", /\/chat/);
  await arrived(ada, /./);
});

test("keys are letters where somebody writes", async ({ ada, home }) => {
  await deployed(ada);
  await ada.goto("/admin/stacks", { waitUntil: "networkidle" });
  const search = ada.getByRole("searchbox");
  await search.focus();
  await ada.keyboard.type("gd/?");
  await expect(search).toHaveValue("gd/?");
  await expect(ada).toHaveURL(`${home}/admin/stacks`);
  await expect(ada.getByRole("dialog")).toHaveCount(0);
});

test("the palette is accessible and gives the keyboard back", async ({ ada }) => {
  await ada.goto("/account", { waitUntil: "networkidle" });
  const before = ada.getByLabel("Password now");
  await before.focus();
  await open(ada);
  await expect(option(ada, /^Home/)).toHaveAttribute("aria-selected", "true");
  await expectAccessible(ada);
  await ada.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(ada);
  await ada.keyboard.press("Escape");
  await expect(box(ada)).toBeHidden();
  await expect(before).toBeFocused();
});

test("the palette leads to places, stacks and conversations, by keyboard alone", async ({ ada, home }) => {
  await deployed(ada);
  await ask(ada, "Herons at dusk", "demo-sample");
  await expect(ada.locator('.message-answer[data-status="complete"]')).toBeVisible({ timeout: 30_000 });
  await ada.goto("/account", { waitUntil: "networkidle" });
  await open(ada);
  await ada.keyboard.type("docu test");
  await expect(option(ada, /documents Stack on rumpletest/)).toHaveAttribute("aria-selected", "true");
  await expect(box(ada)).toHaveAttribute("aria-activedescendant", "palette-0");
  await ada.keyboard.press("ArrowUp");
  await expect(option(ada, "Search stacks for “docu test”")).toHaveAttribute("aria-selected", "true");
  await ada.keyboard.press("ArrowDown");
  await ada.keyboard.press("Enter");
  await expect(ada).toHaveURL(`${home}/admin/stacks/rumpletest/documents`);

  await open(ada);
  await ada.keyboard.type("herons");
  await expect(option(ada, /Herons at dusk.* Conversation/).first()).toBeVisible();
  await ada.keyboard.press("Enter");
  await expect(ada).toHaveURL(/\/chat\/[0-9a-f-]{36}/);

  await open(ada);
  await ada.keyboard.type("environments");
  await ada.keyboard.press("Enter");
  await expect(ada).toHaveURL(`${home}/admin/environments`);
  await open(ada);
  await ada.keyboard.type("look again");
  await ada.keyboard.press("Enter");
  await expect(ada.getByText("Looked again")).toBeVisible();
  await expect(ada).toHaveURL(/\/admin\/environments\?done=looked/);
});

test("the palette offers nobody what they may not have", async ({ ada, browser, stage, home }, info) => {
  const email = `keys-${info.workerIndex}-${Date.now()}@example.org`;
  const grace = await join(browser, await invite(ada, "Grace"), "Grace", email);
  const page = await stage.page(home, grace);
  await page.goto("/", { waitUntil: "networkidle" });
  await open(page);
  await expect(option(page, /^New conversation/)).toBeVisible();
  for (const name of [/Deployments/, /Stacks/, /Look again/, /People/, /Environment/]) await expect(option(page, name)).toHaveCount(0);
  await page.keyboard.press("Escape");
  for (const key of "gd") await page.keyboard.press(key);
  await open(page);
  await expect(page).toHaveURL(`${home}/`);
  await page.keyboard.type("sign out");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("what the palette can't load is said, and places still work", async ({ ada, home }) => {
  await ada.goto("/account", { waitUntil: "networkidle" });
  await ada.route("**/api/palette", (route) => route.abort());
  await open(ada);
  await expect(ada.getByText("could not be loaded")).toBeVisible();
  // A page whose style comes through a route complains about its transition.
  await ada.unroute("**/api/palette");
  await ada.keyboard.type("people");
  await ada.keyboard.press("Enter");
  await arrived(ada, "People");
  await expect(ada).toHaveURL(`${home}/admin/people`);
});

test("the keys are told, and single ones can be switched off", async ({ ada, home }) => {
  await ada.goto("/", { waitUntil: "networkidle" });
  const keys = ada.getByRole("dialog", { name: "Keys" });
  await ada.keyboard.press("?");
  await expect(keys).toBeVisible();
  await expect(keys.getByText("g d")).toBeVisible();
  await expectAccessible(ada);
  await ada.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(ada);
  await ada.getByRole("checkbox", { name: "Keys without Ctrl" }).uncheck();
  await ada.keyboard.press("Escape");
  await expect(keys).toHaveCount(0);
  for (const key of "?gd") await ada.keyboard.press(key);
  await open(ada);
  await expect(keys).toHaveCount(0);
  await expect(ada).toHaveURL(`${home}/`);
  await ada.keyboard.type("keys");
  await ada.keyboard.press("Enter");
  await keys.getByRole("checkbox").check();
  await keys.getByRole("button", { name: "Close" }).click();
  await lead(ada, "gd", `${home}/admin`);
  await arrived(ada, "Deployments");
});

test("the menu has the way into the palette for a mouse", async ({ ada }) => {
  await ada.goto("/", { waitUntil: "networkidle" });
  await ada.getByRole("button", { name: /^Go to/ }).click();
  await expect(box(ada)).toBeFocused();
});
