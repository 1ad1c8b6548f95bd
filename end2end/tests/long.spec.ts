import { withLongConversation } from "../support/server.js";
import { expect, test } from "../support/test.js";

test("a conversation of 10,000 messages opens at its end and loads upwards without a jump", async ({ stage }) => {
  const { server, cookie, conversation } = await withLongConversation(10_000);
  stage.after(() => server.stop());
  const page = await stage.page(server.url);
  await page.context().addCookies([{ name: "thinkheads", value: cookie, url: server.url, httpOnly: true, sameSite: "Lax" }]);
  await page.goto(`/chat/${conversation}`);
  await page.locator("form.composer[data-awake]").waitFor();
  const messages = page.locator(".message");
  await expect(messages).toHaveCount(50);
  await expect(messages.last()).toBeInViewport();

  const link = page.getByRole("link", { name: "Earlier messages" });
  for (const count of [100, 150]) {
    const id = await messages.first().getAttribute("id");
    const first = page.locator(`#${id}`);
    await link.scrollIntoViewIfNeeded();
    const before = await first.boundingBox();
    await link.click();
    await expect(messages).toHaveCount(count);
    const after = await first.boundingBox();
    expect(Math.abs((after?.y ?? 0) - (before?.y ?? Number.NaN)), "the reader's line stays where it was").toBeLessThan(2);
  }
  const ids = await messages.evaluateAll((all) => all.map((message) => message.id));
  expect(new Set(ids).size).toBe(ids.length);

  // Without a script the link is a page of its own, with a way back to the end.
  const href = await link.getAttribute("href");
  const plain = await stage.page(server.url, undefined, { javaScriptEnabled: false });
  await plain.context().addCookies([{ name: "thinkheads", value: cookie, url: server.url, httpOnly: true, sameSite: "Lax" }]);
  await plain.goto(href ?? "/");
  await expect(plain.locator(".message")).toHaveCount(50);
  for (const id of await plain.locator(".message").evaluateAll((all) => all.map((message) => message.id))) {
    expect(ids).not.toContain(id);
  }
  await plain.getByRole("link", { name: "To the end of the conversation" }).click();
  await expect(plain.locator(`#${ids.at(-1)}`)).toBeVisible();
});
