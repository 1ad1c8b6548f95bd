import { deployed, expect, expectAccessible, test } from "../support/test.js";

test("a stack is assigned by its switch, and the difference is shown before it is saved", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator, { javaScriptEnabled: false });
  await deployed(page);
  await page.getByRole("navigation", { name: "Deployments" }).getByRole("link", { name: "Catalog" }).click();
  await page.getByRole("searchbox").fill("docu");
  await page.getByRole("searchbox").press("Enter");
  const toggle = page.getByRole("switch", { name: "documents on rumpletest" });
  await expect(toggle).toBeChecked();
  await toggle.uncheck();
  await page.getByRole("button", { name: "Review changes" }).click();

  await expect(page).toHaveURL(/\/admin\/catalog\/draft$/);
  await expect(page.locator(".diff").first()).toContainText("documents");

  await page.goto("/admin/catalog?q=docu");
  await expect(toggle).not.toBeChecked();
  await expect(page.getByText("Your draft waits")).toBeVisible();
  await expect(page.getByText("In my draft", { exact: true }).first()).toBeVisible();
  // Back again: nothing is left of it.
  await toggle.check();
  await page.getByRole("button", { name: "Review changes" }).click();
  await expect(page.getByText("There is nothing to review")).toBeVisible();
  await expect(page.getByText("Your draft waits")).toHaveCount(0);
});

test("a version is restored after its difference was read, and taken back", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
  await page.goto("/admin/catalog/history");
  await expect(page.getByText("Changed by hand and not committed")).toBeVisible();
  await page.getByRole("link", { name: "Show the changes" }).click();
  await expect(page.locator(".diff-line[data-change=added]")).toContainText("eng+deu+fra");
  await page.getByRole("link", { name: "Undo all of it" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Restore /);
  await expect(page.locator(".diff-line[data-change=removed]")).toContainText("eng+deu+fra");
  await expectAccessible(page);
  await page.getByRole("button", { name: /^Restore / }).click();
  await expect(page.getByText("Restored.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Restore the catalog of/);

  // The hand edit is a commit of its own now: undoing the restore brings it back.
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Restored.")).toBeVisible();
  await expect(page.locator(".diff-line[data-change=added]")).toContainText("eng+deu+fra");
});
