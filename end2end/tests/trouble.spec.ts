import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { ask, awake, build, composer, expect, expectAccessible, lastAnswer, test } from "../support/test.js";

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test("a model server that is down is said, and the rest works", async ({ browser, contextOptions }) => {
  const house = await build(browser, { env: { PHOENIX_URL: `http://127.0.0.1:${await deadPort()}` } });
  const context = await browser.newContext({ ...contextOptions, storageState: house.administrator.state, baseURL: house.server.url });
  const page = await context.newPage();
  await page.goto("/chat/new");
  await expect(page.getByText("No answers at the moment")).toBeVisible();
  await expect(page.getByRole("link", { name: "Try again" })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/");
  await expect(page.locator(".card").first()).toContainText(/down|not answer|unreachable/i);
  await expectAccessible(page);
  await context.close();
  await house.server.stop();
});

test("no model server at all is said on home and in chat", async ({ browser, contextOptions }) => {
  const house = await build(browser, {});
  const context = await browser.newContext({ ...contextOptions, storageState: house.administrator.state, baseURL: house.server.url });
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.locator(".card").first()).toContainText("PHOENIX_URL");
  await page.goto("/chat");
  await expect(page.getByText("No answers at the moment").first()).toBeAttached();
  await context.close();
  await house.server.stop();
});

test("a server killed in mid-answer keeps the text and offers to continue", async ({ browser, contextOptions }) => {
  let house = await build(browser, { demo: true });
  const context = await browser.newContext({ ...contextOptions, storageState: house.administrator.state, baseURL: house.server.url });
  const page = await context.newPage();
  await ask(page, "Slowly", "demo-slow");
  const prose = lastAnswer(page).locator(".prose");
  await expect(prose).toContainText(/\S+ \S+ \S+/, { timeout: 20_000 });
  house = { ...house, server: await house.server.killAndRestart() };
  await page.goto(page.url());
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "interrupted");
  const kept = (await prose.innerText()).trim();
  expect(kept.length).toBeGreaterThan(0);
  await lastAnswer(page).getByRole("button", { name: "Continue" }).click();
  await expect.poll(async () => (await prose.innerText()).trim().length, { timeout: 20_000 }).toBeGreaterThan(kept.length);
  expect((await prose.innerText()).startsWith(kept)).toBe(true);
  await context.close();
  await house.server.stop();
});

test("going offline for a moment in mid-answer loses no word", async ({ ada }) => {
  await ask(ada, "Slowly", "demo-slow");
  await awake(ada);
  const prose = lastAnswer(ada).locator(".prose");
  await expect(prose).toContainText(/\S+ \S+/, { timeout: 20_000 });
  await ada.context().setOffline(true);
  await ada.context().setOffline(false);
  const before = (await prose.innerText()).trim().length;
  await expect.poll(async () => (await prose.innerText()).trim().length, { timeout: 20_000 }).toBeGreaterThan(before);
  await ada.getByRole("button", { name: "Stop" }).click();
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "stopped");
  const shown = (await prose.innerText()).trim();
  await ada.reload();
  expect((await prose.innerText()).trim()).toBe(shown);
});

test("a page that does not exist says so", async ({ ada }) => {
  const answer = await ada.goto("/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(ada.getByRole("heading", { level: 1 })).toHaveText("This page is not here");
  await expect(ada.getByRole("link", { name: "Home" }).first()).toBeVisible();
  await expectAccessible(ada);
});

test("the demo says so on every screen", async ({ ada, page, home }) => {
  for (const path of ["/", "/chat", "/account", "/admin/people"]) {
    await ada.goto(path);
    await expect(ada.getByRole("complementary", { name: "Demo" })).toBeVisible();
  }
  await page.goto(`${home}/sign-in`);
  await expect(page.getByRole("complementary", { name: "Demo" })).toBeVisible();
});

test("the keyboard reaches the content and every menu entry", async ({ ada, isMobile }) => {
  test.skip(isMobile, "phones have no Tab key");
  await ada.goto("/");
  await ada.keyboard.press("Tab");
  await expect(ada.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await ada.keyboard.press("Enter");
  await expect(ada.locator("#main")).toBeFocused();
  await ada.goto("/");
  for (const name of ["Skip to content", "ThinkHeads", "Home", "Chat", "People", /Account/]) {
    await ada.keyboard.press("Tab");
    await expect(ada.locator("body > .skip, .side a").and(ada.getByRole("link", { name }))).toBeFocused();
  }
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
  await ada.goto("/chat/new");
  await awake(ada);
  await expect(composer(ada)).toBeFocused();
});
