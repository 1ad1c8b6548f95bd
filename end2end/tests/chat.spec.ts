import { PASSWORD, ask, awake, composer, expect, expectAccessible, lastAnswer, shift, tabTo, test } from "../support/test.js";

test("an answer streams in, is rendered and settles", async ({ ada }) => {
  await ask(ada, "What is a stack?", "demo-sample");
  const answer = lastAnswer(ada);
  await expect(answer).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await expect(answer.locator(".prose table")).toBeVisible();
  await expect(answer.locator(".prose pre code")).toBeVisible();
  await expect(answer.locator(".message-facts")).toContainText("demo-sample");
  await expect(answer.locator(".message-facts")).toContainText("tokens");
  // Highlighted by the server's rendering, put in place without a reload.
  await expect(answer.locator("[class*='hl-']").first()).toBeVisible();
  await expectAccessible(ada);
});

test("a second message goes on in the same page, by keyboard alone", async ({ ada, isMobile }) => {
  test.skip(isMobile, "a phone's keyboard makes a line with Enter");
  await ask(ada, "First", "demo-sample");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await composer(ada).focus();
  await ada.keyboard.type("Second");
  await ada.keyboard.press("Shift+Enter");
  await ada.keyboard.type("line two");
  await ada.keyboard.press("Enter");
  await expect(ada.locator(".message-user")).toHaveCount(2);
  await expect(ada.locator(".message-user").last().locator(".message-text")).toHaveText("Second\nline two");
  await expect(composer(ada)).toHaveValue("");
  await expect(ada.locator('.message-answer[data-status="complete"]')).toHaveCount(2, { timeout: 30_000 });
});

test("a reload in mid-answer loses nothing and doubles nothing", async ({ ada }) => {
  await ask(ada, "Tell me slowly.", "demo-slow");
  const answer = lastAnswer(ada);
  await expect(answer.locator(".prose")).toContainText(/\S+ \S+/, { timeout: 20_000 });
  const before = (await answer.locator(".prose").innerText()).trim();
  await ada.reload();
  await expect(answer).toHaveAttribute("data-status", "running");
  await expect.poll(async () => (await answer.locator(".prose").innerText()).trim().length).toBeGreaterThan(before.length);
  const after = (await answer.locator(".prose").innerText()).trim();
  expect(after.startsWith(before.slice(0, Math.max(1, before.length - 3)))).toBe(true);

  // A second tab sees the same answer.
  const tab = await ada.context().newPage();
  await tab.goto(ada.url());
  await expect(tab.locator(".message-answer").last().locator(".prose")).toContainText(after.slice(0, 20));
  await ada.getByRole("button", { name: "Stop" }).click();
  await expect(answer).toHaveAttribute("data-status", "stopped");
  await expect(tab.locator(".message-answer").last()).toHaveAttribute("data-status", "stopped");
  expect((await tab.locator(".message-answer").last().locator(".prose").innerText()).trim()).toBe(
    (await answer.locator(".prose").innerText()).trim(),
  );
  await tab.close();
});

test("an answer that breaks off says so and can be continued", async ({ ada }) => {
  await ask(ada, "Break, please.", "demo-failing");
  const answer = lastAnswer(ada);
  await expect(answer).toHaveAttribute("data-status", "interrupted", { timeout: 30_000 });
  await expect(answer.getByRole("button", { name: "Continue" })).toBeVisible();
  await expect(answer.getByRole("button", { name: "Try again" })).toBeVisible();
  await expectAccessible(ada);
});

test("editing and writing once more make versions to leaf through", async ({ ada }) => {
  await ask(ada, "Version one", "demo-sample");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  const prompt = ada.locator(".message-user").first();
  await prompt.hover();
  await prompt.getByRole("link", { name: "Edit and send again" }).click();
  await ada.getByRole("textbox", { name: "Your message" }).fill("Version two");
  await ada.locator(".message-edit").getByRole("button", { name: "Send" }).click();
  await expect(prompt).toContainText("Version two");
  await expect(prompt).toContainText("2/2");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await prompt.hover();
  await prompt.getByRole("button", { name: /previous|before|earlier/i }).click();
  await expect(prompt).toContainText("Version one");
  await expect(prompt).toContainText("1/2");
  await expectAccessible(ada);
});

test("conversations are renamed, found, deleted and brought back", async ({ ada, isMobile }) => {
  const word = `zebra${Date.now()}`;
  await ask(ada, `About a ${word} in the garden`, "demo-sample");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await awake(ada);
  await ada.getByRole("button", { name: "More about this conversation" }).click();
  await ada.getByRole("region", { name: "Conversation", exact: true }).getByRole("link", { name: "Rename" }).click();
  await ada.getByLabel("Title").fill(`Garden ${word}`);
  await expectAccessible(ada);
  await ada.locator(".thread-rename").getByRole("button", { name: "Save" }).click();
  await expect(ada.getByRole("heading", { level: 1 })).toHaveText(`Garden ${word}`);

  await ada.goto("/chat");
  await ada.getByRole("searchbox", { name: "Search conversations" }).fill(word);
  await ada.keyboard.press("Enter");
  await expect(ada.locator(".conversation-link").first()).toContainText(`Garden ${word}`);
  await expectAccessible(ada);
  await ada.locator(".conversation-link").first().click();

  await ada.getByRole("button", { name: "More about this conversation" }).click();
  await ada.getByRole("button", { name: "Delete" }).click();
  await expect(ada.getByText("Conversation deleted.")).toBeVisible();
  await expect(ada.locator(".conversation-link", { hasText: `Garden ${word}` })).toHaveCount(0);
  await ada.getByRole("button", { name: "Undo" }).click();
  await ada.goto("/chat");
  await expect(ada.locator(".conversation-link", { hasText: `Garden ${word}` })).toHaveCount(isMobile ? 1 : 1);
});

test("settings of a conversation hold, and a wrong one says so", async ({ ada }) => {
  await ask(ada, "With settings", "demo-sample");
  await ada.getByRole("button", { name: "Conversation settings" }).click();
  const panel = ada.getByRole("dialog", { name: "Conversation settings" });
  await panel.getByLabel("System prompt").fill("Answer in one sentence.");
  await panel.getByLabel("Temperature").fill("0.3");
  await panel.getByRole("button", { name: "Save" }).click();
  await ada.getByRole("button", { name: "Conversation settings" }).click();
  await expect(panel.getByLabel("System prompt")).toHaveValue("Answer in one sentence.");
  await expect(panel.getByLabel("Temperature")).toHaveValue("0.3");
  await expectAccessible(ada);
});

test("copying a code block puts just the code on the clipboard", async ({ ada, home }) => {
  await ada.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: home });
  await ask(ada, "Show me code", "demo-sample");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  const code = await lastAnswer(ada).locator("pre code").first().innerText();
  await lastAnswer(ada).locator(".code-copy").first().click();
  await expect.poll(() => ada.evaluate(() => navigator.clipboard.readText())).toBe(code);
});

test("an answer written once more keeps the one before", async ({ ada }) => {
  await ask(ada, "Write this twice", "demo-sample");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await awake(ada);
  const first = await lastAnswer(ada).getAttribute("id");
  await lastAnswer(ada).getByRole("button", { name: "Write it once more" }).click();
  await expect(lastAnswer(ada)).not.toHaveAttribute("id", first ?? "");
  await expect(lastAnswer(ada)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await expect(ada.locator(".message-user")).toHaveCount(1);
  await expect(lastAnswer(ada)).toContainText("2/2");
  await expect(lastAnswer(ada).locator(".prose")).toContainText("Write this twice");
  await lastAnswer(ada).getByRole("button", { name: "Version before" }).click();
  await expect(lastAnswer(ada)).toHaveAttribute("id", first ?? "");
  await expect(lastAnswer(ada)).toContainText("1/2");
});

test("from signing in to an answer by keyboard alone", async ({ stage, house, home, isMobile }) => {
  const page = await stage.page(home);
  await page.goto("/sign-in");
  await expect(page.getByLabel("Email")).toBeFocused();
  await page.keyboard.type(house.administrator.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  await tabTo(page, page.locator("#main").getByRole("link", { name: "New chat" }).first());
  await page.keyboard.press("Enter");
  await awake(page);
  // On a phone the box does not take the keyboard by itself: its own would cover half of the page.
  if (isMobile) await tabTo(page, composer(page));
  await expect(composer(page)).toBeFocused();
  await page.keyboard.type("No mouse here");
  if (isMobile) await tabTo(page, page.getByRole("button", { name: "Send" }));
  await page.keyboard.press("Enter");
  await expect(page.locator(".message-user .message-text")).toHaveText("No mouse here");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await tabTo(page, lastAnswer(page).getByRole("button", { name: "Write it once more" }));
});

test("nothing jumps while an answer streams in and settles", async ({ stage, house, home }) => {
  // Tall enough for the whole answer: in a window that is full, text must move up to make room.
  const page = await stage.page(home, house.administrator, { viewport: { width: 390, height: 3000 } });
  await page.goto("/chat/new");
  await ask(page, "Stay in place", "demo-sample");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await expect(lastAnswer(page).locator(".message-facts")).toContainText("tokens");
  expect(await shift(page)).toBeLessThan(0.02);
});
