// Takes the pictures of the documentation, and of every page for looking at: `npm run pictures`.
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Page } from "@playwright/test";

import { ask, awake, build, expect, lastAnswer, test } from "../support/test.js";

const folder = process.env.PICTURES ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../target/pictures");

test.describe.configure({ mode: "serial" });

for (const scheme of ["light", "dark"] as const) {
  test(`every page, ${scheme}`, async ({ browser, contextOptions }, info) => {
    test.setTimeout(180_000);
    const house = await build(browser, { demo: true });
    const context = await browser.newContext({
      ...contextOptions,
      storageState: house.administrator.state,
      baseURL: house.server.url,
      colorScheme: scheme,
    });
    const page = await context.newPage();
    const shoot = async (name: string, shown: Page = page) => {
      await shown.waitForTimeout(250);
      await shown.screenshot({ path: path.join(folder, `${name}-${info.project.name}-${scheme}.png`) });
    };

    await page.goto("/");
    await shoot("home-empty");
    await page.goto("/chat/new");
    await shoot("chat-new");
    await ask(page, "How do I roll back a deployment that went wrong?", "demo-slow");
    await expect(lastAnswer(page).locator(".prose")).toContainText(/\S+ \S+ \S+ \S+/, { timeout: 20_000 });
    await shoot("chat-running");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "stopped");
    await shoot("chat-stopped");
    await ask(page, "Please break.", "demo-failing");
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "interrupted", { timeout: 30_000 });
    await shoot("chat-interrupted");
    await ask(page, "Show me a table, a list and some code.", "demo-sample");
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
    await awake(page);
    await shoot("chat");
    await page.getByRole("button", { name: "Conversation settings" }).click();
    await shoot("chat-settings");
    await page.goto("/chat");
    await shoot("chat-list");
    await page.goto("/chat?q=break");
    await shoot("chat-search");
    await page.goto("/");
    await shoot("home");
    await page.goto("/account");
    await shoot("account");
    await page.goto("/admin/people");
    await page.getByRole("button", { name: "Invite" }).click();
    await shoot("people-invite");
    await page.getByLabel("For whom").fill("Grace, for the docs");
    await page.getByRole("button", { name: "Make the link" }).click();
    const link = await page.getByLabel("One-time link").inputValue();
    await shoot("people");
    await page.goto("/nowhere");
    await shoot("missing");

    const stranger = await browser.newContext({ ...contextOptions, baseURL: house.server.url, colorScheme: scheme });
    const gate = await stranger.newPage();
    await gate.goto("/sign-in");
    await shoot("sign-in", gate);
    await gate.getByLabel("Email").fill("somebody@example.org");
    await gate.getByLabel("Password").fill("not the password");
    await gate.getByRole("button", { name: "Sign in" }).click();
    await expect(gate.getByRole("alert")).toBeVisible();
    await shoot("sign-in-refused", gate);
    await gate.goto(link);
    await shoot("join", gate);
    await stranger.close();
    await context.close();
    await house.server.stop();

    const down = await build(browser, { env: { PHOENIX_URL: "http://127.0.0.1:9" } });
    const away = await browser.newContext({
      ...contextOptions,
      storageState: down.administrator.state,
      baseURL: down.server.url,
      colorScheme: scheme,
    });
    const lonely = await away.newPage();
    await lonely.goto("/chat/new");
    await shoot("chat-down", lonely);
    await lonely.goto("/");
    await shoot("home-down", lonely);
    await away.close();
    await down.server.stop();
  });
}
