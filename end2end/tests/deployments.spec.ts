import { deployed, expect, expectAccessible, test } from "../support/test.js";

test("a variable is edited, reviewed, applied and proved healthy", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);

  await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
  await page.getByRole("button", { name: "Look again" }).click();
  await expect(page.getByText("Looked again")).toBeVisible();
  await page.getByRole("navigation", { name: "Deployments" }).getByRole("link", { name: "Stacks" }).click();
  await page.getByRole("searchbox").fill("docu");
  await page.getByRole("searchbox").press("Enter");
  await page.getByRole("link", { name: "documents on rumpleprod: Changes wait" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("documents");
  await page.getByRole("link", { name: "Review changes" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Review documents");
  const row = page.getByRole("row", { name: /OCR_LANGUAGES/ });
  await expect(row).toContainText("eng+deu+fra");
  await page.getByRole("button", { name: "Update documents" }).click();

  await expect(page).toHaveURL(/\/admin\/applies\//);
  // No reload from here on: the page follows by itself.
  await expect(page.getByText("It is done")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/kept as revision 2/)).toBeVisible();
  await expectAccessible(page);

  await page.goto("/admin/stacks/rumpleprod/documents");
  await expect(page.getByText("In step", { exact: true }).first()).toBeVisible();
  await page.getByRole("link", { name: "Roll back to revision 1" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Roll documents back to revision 1");
});

test("an apply is complete without scripts", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator, { javaScriptEnabled: false });
  await deployed(page);
  await page.goto("/admin/plan?env=rumpletest&stack=documents");
  await page.getByRole("button", { name: "Redeploy documents" }).or(page.getByRole("button", { name: "Update documents" })).click();
  await expect(page).toHaveURL(/\/admin\/applies\//);
  // The page loads itself again until the end is there.
  await expect(page.getByText("It is done")).toBeVisible({ timeout: 30_000 });
});

test("a removal is named before it is done", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await page.goto("/admin/plan?prune=all");
  const button = page.getByRole("button", { name: /^Apply \d+ steps|^Remove/ });
  const name = page.getByLabel("Type try-out to remove it from rumpledev");
  await name.fill("something else");
  await button.click();
  await expect(page.getByText("“try-out” goes away from rumpledev")).toBeVisible();
  await expect(name).toHaveValue("something else");
  await expectAccessible(page);
});

test("the slash leads to the search", async ({ ada, isMobile }) => {
  test.skip(isMobile, "a phone has no such key");
  await deployed(ada);
  await ada.goto("/admin/stacks", { waitUntil: "networkidle" });
  await expect(async () => {
    await ada.keyboard.press("/");
    await expect(ada.getByRole("searchbox")).toBeFocused({ timeout: 250 });
  }).toPass();
  await expect(ada.getByRole("searchbox")).toHaveValue("");
});
