import { Proxy } from "../support/proxy.js";
import { freePort } from "../support/server.js";
import { ask, awake, build, expect, expectAccessible, lastAnswer, test } from "../support/test.js";

test("a model server that is down is said, and the rest works", async ({ browser, contextOptions }) => {
  const house = await build(browser, { env: { PHOENIX_URL: `http://127.0.0.1:${await freePort()}` } });
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

test("a server killed in mid-answer keeps the text and offers to continue", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await ask(page, "Slowly", "demo-slow");
  const prose = lastAnswer(page).locator(".prose");
  await expect(prose).toContainText(/\S+ \S+ \S+/, { timeout: 20_000 });
  const shown = (await prose.innerText()).trim();
  // What is shown is written a moment later. A writing that was under way may have begun before it: the one after has it.
  const written = await house.server.flushes();
  await expect.poll(() => house.server.flushes()).toBeGreaterThan(written + 1);
  const again = await house.server.killAndRestart();
  stage.after(() => again.stop());
  await page.goto(page.url());
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "interrupted");
  const kept = (await prose.innerText()).trim();
  expect(kept.startsWith(shown), `shown: ${shown}\nkept: ${kept}`).toBe(true);
  await lastAnswer(page).getByRole("button", { name: "Continue" }).click();
  await expect.poll(async () => (await prose.innerText()).trim().length, { timeout: 20_000 }).toBeGreaterThan(kept.length);
  expect((await prose.innerText()).startsWith(kept)).toBe(true);
});

test("a line that is cut in mid-answer, again and again, loses no byte", async ({ stage, house }) => {
  const line = await Proxy.to(house.server.url);
  stage.after(() => line.cut());
  const page = await stage.page(line.url, house.administrator);
  // At the end the page puts the server's rendering in place, which would hide a lost word: not here.
  await page.route(/message_html/, (route) => route.abort());
  await ask(page, "Through a tunnel", "demo-sample");
  await awake(page);
  const prose = lastAnswer(page).locator(".prose");
  for (const until of [/\S+ \S+ \S+/, /would answer here/, /demo-failing/]) {
    await expect(prose).toContainText(until, { timeout: 20_000 });
    await line.cut();
    await expect(page.getByText("The line is cut. Trying again.")).toBeAttached();
    await line.mend();
    await expect(page.getByText("The line is cut. Trying again.")).not.toBeAttached();
  }
  await expect(page.getByText("The answer is complete.")).toBeAttached({ timeout: 30_000 });
  const streamed = await prose.evaluate((element) => element.textContent);
  await page.goto(page.url());
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete");
  expect(streamed).toBe(await prose.evaluate((element) => element.textContent));
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
  await ada.goto("/");
  await ada.keyboard.press("Tab");
  await expect(ada.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await expect(ada.getByRole("link", { name: "Skip to content" })).toBeInViewport({ ratio: 1 });
  await ada.keyboard.press("Enter");
  await expect(ada.locator("#main")).toBeFocused();
  await ada.goto("/");
  // The side bar of a desktop begins with the mark; the bar at a phone's bottom has no room for it.
  const names = ["Skip to content", ...(isMobile ? [] : ["ThinkHeads"]), "Home", "Chat", /Deployments/, "People", "Audit"];
  const stops = names.map((name) => ada.locator("body > .skip, .side a").and(ada.getByRole("link", { name })));
  // The palette has a button where there is a keyboard.
  if (!isMobile) stops.push(ada.getByRole("button", { name: "Go to" }));
  for (const stop of [...stops, ada.locator(".side").getByRole("link", { name: /Account/ })]) {
    await ada.keyboard.press("Tab");
    await expect(stop).toBeFocused();
  }
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
});

test("reduced motion is respected, and the answer comes all the same", async ({ ada }) => {
  /** Animations that go on for ever or take longer than an eye notices. */
  const moving = () =>
    ada.evaluate(() => {
      const timings = document.getAnimations().map((animation) => animation.effect?.getComputedTiming());
      return timings.filter((timing) => timing?.iterations === Infinity || Number(timing?.duration) > 1).length;
    });
  await ask(ada, "Slowly", "demo-slow");
  await expect(lastAnswer(ada).locator(".prose")).toContainText(/\S+ \S+/, { timeout: 20_000 });
  await expect.poll(moving, "without the wish the thought of a running answer moves").toBeGreaterThan(0);
  await ada.emulateMedia({ reducedMotion: "reduce" });
  await ada.reload();
  await awake(ada);
  const before = (await lastAnswer(ada).innerText()).length;
  await expect.poll(async () => (await lastAnswer(ada).innerText()).length).toBeGreaterThan(before);
  expect(await moving()).toBe(0);
  await ada.getByRole("button", { name: "Stop" }).click();
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "stopped");
});
