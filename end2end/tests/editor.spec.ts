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

test("what another window changed is not overwritten by leaving or coming back", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await page.goto("/admin/catalog/documents");
  const second = await page.context().newPage();
  await second.goto("/admin/catalog/documents");
  await second.getByLabel("What it is for").fill("From the second window");
  await expect(second.locator("#draft-bar")).toContainText("1 stack changed");

  await page.getByLabel("What it is for").fill("From the first window");
  await expect(page.locator("[data-said]").first()).toContainText("Another window");
  // The browser asks before what could not be kept is left.
  const asked = page.waitForEvent("dialog").then((dialog) => dialog.accept());
  await Promise.all([asked, page.goto("/admin/stacks")]);
  await page.goto("/admin/catalog/documents");
  await expect(page.getByLabel("What it is for")).toHaveValue("From the second window");
});

test("the button never meets the keeping of its own page", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  // What was typed is being kept until after the button was pressed.
  let go = () => {};
  const pressed = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/api/keep_stack_form", async (route) => {
    await pressed;
    await route.continue();
  });
  await page.goto("/admin/catalog/documents");
  await page.getByLabel("What it is for").fill("Typed, left and kept");
  const keeping = page.waitForRequest("**/api/keep_stack_form");
  await page.getByLabel("What it is for").blur();
  await keeping;
  await page.getByRole("button", { name: "Keep", exact: true }).click({ noWaitAfter: true });
  const answered = page.waitForResponse((answer) => answer.url().endsWith("/api/keep_stack_form") && answer.status() === 303);
  go();
  await answered;
  await expect(page).toHaveURL(/\/admin\/catalog\/documents$/);
  await page.reload();
  await expect(page.getByText("Another window")).toHaveCount(0);
  await expect(page.getByLabel("What it is for")).toHaveValue("Typed, left and kept");
});

test("the key Enter stores a new secret, and what was refused keeps every choice", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator, { javaScriptEnabled: false });
  await deployed(page);
  await page.goto("/admin/catalog/documents");
  const chosen = page.getByLabel("Secret of DATABASE_PASSWORD");
  await expect(chosen).toHaveValue("database/password");
  const store = async (name: string) => {
    await page.getByRole("button", { name: "Store a new secret" }).click();
    await page.getByLabel("Variable", { exact: true }).fill("TOKEN");
    await page.getByLabel("Name in the vault").fill(name);
    await page.getByLabel("Value", { exact: true }).fill("s3cr3t-value");
    await page.getByLabel("Value", { exact: true }).press("Enter");
  };
  await store("database/password");
  await expect(page.getByText("There is a secret “database/password” already").first()).toBeVisible();
  await expect(chosen).toHaveValue("database/password");
  await store("documents/token");
  await page.goto("/admin/catalog/documents");
  await expect(page.getByLabel("Secret of TOKEN")).toHaveValue("documents/token");
  await expect(chosen).toHaveValue("database/password");
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
