import { readFile } from "node:fs/promises";

import { Portainer } from "../support/server.js";
import { deployed, expect, expectAccessible, test } from "../support/test.js";

const CONTAINER = "/admin/stacks/rumpledev/workflows/containers/workflows-n8n-1";

for (const javaScriptEnabled of [true, false]) {
  test(`Portainer is connected and a host bound ${javaScriptEnabled ? "with" : "without"} scripts`, async ({ stage }) => {
    const portainer = await Portainer.start();
    stage.after(() => portainer.stop());
    const house = await stage.house({});
    const page = await stage.page(house.server.url, house.administrator, { javaScriptEnabled });
    await page.goto("/admin");
    await page.getByRole("link", { name: "Connect Portainer" }).click();
    await page.getByLabel("Address").fill(portainer.url);
    await page.getByRole("button", { name: "Look at it" }).click();
    await expect(page.getByText(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)).toBeVisible();
    // Nobody goes on without having compared.
    await page.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByRole("heading", { name: "Who calls?" })).toBeHidden();
    await page.getByLabel("I compared it").check();
    await page.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByRole("heading", { name: "Who calls?" })).toBeVisible();
    await expect(page.getByRole("textbox", { name: "API key" })).toBeHidden();

    await page.getByLabel("User", { exact: true }).fill(Portainer.user);
    await page.getByLabel("Password", { exact: true }).fill(Portainer.password);
    await page.getByRole("button", { name: "Try and save" }).click();
    await expect(page.getByText("Portainer is connected")).toBeVisible();
    await page.getByRole("button", { name: "Look at the environments" }).click();

    await expect(page.getByRole("heading", { name: "host-0" })).toBeVisible();
    await page.getByRole("link", { name: "Add it to the catalog" }).click();
    await expect(page.getByLabel("Where its agent listens")).toHaveValue("host-0:9001");
    await page.getByRole("button", { name: "Add to the catalog" }).click();
    await expect(page.getByText("Written into the catalog")).toBeVisible();
    await page.getByRole("button", { name: "Test the connection" }).click();
    await expect(page.getByText("Portainer sees the containers")).toBeVisible();
    await expect(page.getByText("Connected", { exact: true })).toBeVisible();
    if (javaScriptEnabled) await expectAccessible(page);
  });
}

test("a log is searched, taken away and followed through a restart", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  const refused: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) refused.push(message.text());
  });
  page.on("pageerror", (error) => refused.push(error.message));
  await deployed(page);
  await page.goto("/admin/stacks/rumpledev/workflows");
  await page.getByRole("link", { name: /n8n/ }).first().click();
  await expect(page).toHaveURL(CONTAINER);
  await page.getByRole("searchbox").fill("econnrefused");
  await page.getByRole("searchbox").press("Enter");
  await expect(page.locator("mark").first()).toHaveText("ECONNREFUSED");
  await expect(page.getByText("n8n starts")).toBeHidden();

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toMatch(/^rumpledev_workflows_workflows-n8n-1_\d{8}T\d{6}Z\.log$/);
  expect(await readFile(await download.path(), "utf8")).toContain("stderr connect ECONNREFUSED");

  await page.goto(CONTAINER);
  const starts = page.getByText("n8n starts");
  const before = await starts.count();
  await page.getByRole("button", { name: "Follow" }).click();
  await expect(page.getByText("Following.")).toBeVisible();

  const other = await stage.page(house.server.url, house.administrator);
  await other.goto(CONTAINER);
  await other.getByText("Restart", { exact: true }).click();
  await other.getByLabel("Why").fill("It does not reach its database");
  await other.getByRole("button", { name: "Restart workflows-n8n-1" }).click();
  await expect(other.getByText(/^Restarted, /)).toBeVisible({ timeout: 20_000 });

  await expect(starts).toHaveCount(before + 1);
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText(/^Paused/)).toBeVisible();
  await expectAccessible(page);
  expect(refused).toEqual([]);
});

test("a log is complete without scripts", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator, { javaScriptEnabled: false });
  await deployed(page);
  await page.goto(CONTAINER);
  await expect(page.getByText("ECONNREFUSED").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Follow" })).toBeHidden();
  await page.getByText("Restart", { exact: true }).click();
  await page.getByLabel("Why").fill("Trying");
  await page.getByRole("button", { name: "Restart workflows-n8n-1" }).click();
  await expect(page.getByText(/^Restarted, /)).toBeVisible({ timeout: 20_000 });
});
