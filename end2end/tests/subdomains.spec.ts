import { ask, awake, composer, expect, lastAnswer, test } from "../support/test.js";

test("the chat's subdomain shows the chat, with one sign-in for all", async ({ stage, isMobile }) => {
  const house = await stage.house({ demo: true, host: "thinkheads.localhost" });
  const { port } = new URL(house.server.setupLink);
  const main = `http://thinkheads.localhost:${port}`;
  const chat = `http://chat.thinkheads.localhost:${port}`;
  const page = await stage.page(chat, house.administrator);
  const canonical = page.locator('link[rel="canonical"]');

  // Signed in on the main host, and so here.
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Chat" })).toBeVisible();
  await expect(canonical).toHaveAttribute("href", `${main}/chat`);

  // A whole conversation happens here, streams included.
  await ask(page, "On a host of my own", "demo-sample");
  expect(new URL(page.url()).origin).toBe(chat);
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  await awake(page);
  await composer(page).fill("And once more");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator('.message-answer[data-status="complete"]')).toHaveCount(2, { timeout: 30_000 });

  // The same conversation has a short and a long address, and one true one.
  const path = new URL(page.url()).pathname;
  for (const address of [path, path.replace("/chat/", "/")]) {
    await page.goto(address);
    await expect(page.locator(".message-user")).toHaveCount(2);
    await expect(canonical).toHaveAttribute("href", `${main}${path}`);
  }

  // The menu leads home, which is on the main host.
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Home" }).click();
  await expect(page).toHaveURL(`${main}/`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  if (!isMobile) await expect(page.getByRole("link", { name: "ThinkHeads" })).toHaveAttribute("href", "/");

  // Signed out here is signed out there; signing in there leads back.
  await page.goto(`${chat}/account`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto(`${main}/chat`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
});
