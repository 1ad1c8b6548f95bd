import { deployed, expect, expectAccessible, join, invite, test } from "../support/test.js";

test("a stack is edited by form and text, kept as it is typed, and saved", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await page.goto("/admin/catalog/documents");
  await page.getByLabel("Value of OCR_LANGUAGES").fill("eng+deu+fra");
  // Nobody presses a button: it is kept a moment after the last key, and the text beside it follows.
  await expect(page.locator("#draft-bar")).toContainText("1 stack changed");
  await expect(page.locator("#text-view")).toContainText("eng+deu+fra");
  await page.reload();
  await expect(page.getByLabel("Value of OCR_LANGUAGES")).toHaveValue("eng+deu+fra");

  await page.getByRole("link", { name: "As text" }).click();
  const box = page.getByLabel("The stack's entry, as JSON");
  const good = await box.inputValue();
  await box.fill(good.replace('"depends_on": ["database"],', '"depends_on": ["database"'));
  await expect(page.locator("#text-findings a").first()).toBeVisible();
  await page.reload();
  await expect(box).not.toHaveValue(good);
  await box.fill(good.replace("eng+deu+fra", "eng+fra"));
  await expect(page.locator("#text-findings a")).toHaveCount(0);

  await page.getByRole("link", { name: "Your draft" }).click();
  await expect(page.locator(".diff-line[data-change=added]")).toContainText("eng+fra");
  await expectAccessible(page);
  await page.getByLabel("What you changed and why").fill("Read French");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved, and not deployed yet")).toBeVisible();
  await page.getByRole("link", { name: "Review changes" }).click();
  await expect(page.getByRole("row", { name: /OCR_LANGUAGES/ }).first()).toContainText("eng+fra");
});

test("what was typed last is kept when the page is left at once", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await page.goto("/admin/catalog/documents");
  await page.getByLabel("What it is for").fill("Typed and gone");
  await page.goto("/admin/stacks");
  await expect(async () => {
    await page.goto("/admin/catalog/documents");
    await expect(page.getByLabel("What it is for")).toHaveValue("Typed and gone", { timeout: 500 });
  }).toPass();
});

test("two editors see both versions, and nothing is lost", async ({ stage }) => {
  test.setTimeout(90_000);
  const house = await stage.house({ demo: true });
  const ada = await stage.page(house.server.url, house.administrator, { javaScriptEnabled: false });
  await deployed(ada);
  const other = await join(stage.browser, await invite(ada, "Grace", "Administrator"), "Grace Hopper", "grace@example.org");
  const grace = await stage.page(house.server.url, other, { javaScriptEnabled: false });
  for (const [page, words] of [[ada, "As Ada says"], [grace, "As Grace says"]] as const) {
    await page.goto("/admin/catalog/documents");
    await page.getByLabel("What it is for").fill(words);
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.goto("/admin/catalog/draft");
  }
  await grace.getByRole("button", { name: "Save", exact: true }).click();
  await expect(grace.getByText("Saved, and not deployed yet")).toBeVisible();
  await ada.reload();
  await expect(ada.getByText("As Ada says")).toBeVisible();
  await expect(ada.getByText("As Grace says")).toBeVisible();
  await ada.getByRole("radio", { name: "Take mine" }).check();
  await ada.getByRole("button", { name: "Bring them together" }).click();
  await ada.getByRole("button", { name: "Save", exact: true }).click();
  await expect(ada.getByText("Saved, and not deployed yet")).toBeVisible();
});
