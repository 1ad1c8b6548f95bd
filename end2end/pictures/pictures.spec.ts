// Takes the pictures of the documentation, and of every page for looking at: `npm run pictures`.
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Page } from "@playwright/test";

import { PAGES } from "../support/pages.js";
import { ask, awake, expect, lastAnswer, test } from "../support/test.js";

const folder = process.env.PICTURES ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../target/pictures");

for (const scheme of ["light", "dark"] as const) {
  const shoot = (page: Page, name: string) =>
    page.screenshot({ path: path.join(folder, `${name}-${test.info().project.name}-${scheme}.png`), animations: "disabled" });

  for (const shown of PAGES) {
    test(`${shown.name}, ${scheme}`, async ({ stage, house }) => {
      const { page, address } = await shown.open({ stage, house });
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(address);
      if (await page.locator("form.composer").count()) await awake(page);
      await shown.then?.(page);
      await shoot(page, shown.name);
    });
  }

  test(`the chat's states, ${scheme}`, async ({ stage }) => {
    test.setTimeout(120_000);
    const house = await stage.house({ demo: true });
    const page = await stage.page(house.server.url, house.administrator, { colorScheme: scheme });
    await page.goto("/");
    await shoot(page, "home-empty");
    await ask(page, "How do I roll back a deployment that went wrong?", "demo-slow");
    await expect(lastAnswer(page).locator(".prose")).toContainText(/\S+ \S+ \S+ \S+/, { timeout: 20_000 });
    await shoot(page, "chat-running");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "stopped");
    await shoot(page, "chat-stopped");
    await ask(page, "Please break.", "demo-failing");
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "interrupted", { timeout: 30_000 });
    await shoot(page, "chat-interrupted");
    await ask(page, "Show me a table, a list and some code.", "demo-sample");
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
    await awake(page);
    await page.getByRole("button", { name: "Conversation settings" }).click();
    await shoot(page, "chat-settings");
    await page.goto("/chat?q=break");
    await shoot(page, "chat-search");
    await page.goto("/");
    await shoot(page, "home-used");

    const down = await house.server.killAndRestart({ env: { PHOENIX_URL: "http://127.0.0.1:9" } });
    stage.after(() => down.stop());
    await page.goto("/chat/new");
    await page.goto("/");
    await shoot(page, "home-down");
  });

  test(`people and forms, ${scheme}`, async ({ stage }) => {
    const house = await stage.house({ demo: true });
    const page = await stage.page(house.server.url, house.administrator, { colorScheme: scheme });
    await page.goto("/admin/people");
    await page.getByRole("button", { name: "Invite" }).click();
    await shoot(page, "people-invite");
    await page.getByLabel("For whom").fill("Grace, for the docs");
    await page.getByRole("button", { name: "Make the link" }).click();
    await expect(page.getByLabel("One-time link")).toBeVisible();
    await shoot(page, "people-invited");
    const gate = await stage.page(house.server.url, undefined, { colorScheme: scheme });
    await gate.goto("/sign-in");
    await gate.getByLabel("Email").fill("somebody@example.org");
    await gate.getByLabel("Password").fill("not the password");
    await gate.getByRole("button", { name: "Sign in" }).click();
    await expect(gate.getByRole("alert")).toBeVisible();
    await shoot(gate, "sign-in-refused");
  });
}
