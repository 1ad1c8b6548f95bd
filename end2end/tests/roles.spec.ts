import { somebody } from "../support/pages.js";
import { deployed, expect, expectAccessible, invite, join, test } from "../support/test.js";

test("a deployer for rumpledev plans and applies there, and not on rumpleprod", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const ada = await stage.page(house.server.url, house.administrator);
  await deployed(ada);
  const grace = await somebody({ stage, house }, "Grace", "Deployer", ["rumpledev"]);
  const page = await stage.page(house.server.url, grace);

  await page.goto("/");
  await expect(page.getByRole("link", { name: "Chat", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "People" })).toHaveCount(0);
  await page.goto("/admin/environments/rumpleprod");
  await expect(page.getByText("You may not deploy to rumpleprod.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Review changes" })).toHaveCount(0);
  await page.goto("/admin/plan?env=rumpleprod");
  await expect(page.getByText("You may deploy to rumpledev, not to rumpleprod.")).toBeVisible();
  await expectAccessible(page);

  await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
  await page.goto("/admin/plan?env=rumpledev&stack=documents");
  await page.getByRole("button", { name: /documents$/ }).click();
  await expect(page).toHaveURL(/\/admin\/applies\//);
  await expect(page.getByText(/It is done|It failed/)).toBeVisible({ timeout: 30_000 });

  // The administrator finds it in the audit, and takes the right away.
  await ada.goto("/admin/audit?act=deploy.apply");
  const newest = ada.locator(".audit-record").first();
  await expect(newest).toContainText("Began an apply");
  await expect(newest).toContainText("Grace");
  await newest.locator("summary").click();
  await expect(newest.getByText("Trace id")).toBeVisible();
  await ada.goto("/admin/people");
  await ada.getByRole("row").filter({ hasText: grace.email }).getByRole("link").click();
  await ada.getByRole("radio", { name: /^Viewer/ }).check();
  await expect(ada.getByRole("checkbox", { name: "rumpledev", exact: true })).toBeHidden();
  await ada.getByRole("button", { name: "Save the role" }).click();
  await expect(ada.getByText("The role is changed.")).toBeVisible();
  await page.goto("/admin/plan?env=rumpledev");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is not open to you");
  await expect(page.getByText("Administrators here: Ada Byron.")).toBeVisible();
});

test("a viewer sees and can't act", async ({ stage, house, browser }) => {
  const ada = await stage.page(house.server.url, house.administrator);
  await deployed(ada);
  const email = `vera-${Date.now()}-${Math.random().toString(36).slice(2)}@example.org`;
  const link = await invite(ada, "Vera", "Viewer");
  const page = await stage.page(house.server.url, await join(browser, link, "Vera", email));
  await page.goto("/");
  await expect(page.getByRole("link", { name: "Chat" })).toHaveCount(0);
  await page.goto("/admin");
  await expect(page.getByText("You look on.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Review changes" })).toHaveCount(0);
  await expectAccessible(page);
  await page.goto("/admin/stacks/rumpledev/workflows");
  await expect(page.getByRole("link", { name: /Roll back|Promote/ })).toHaveCount(0);
  await page.goto("/chat");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is not open to you");
});

test("whoever is disabled in mid-apply leaves a word about it", async ({ stage }) => {
  const house = await stage.house({ demo: true });
  const ada = await stage.page(house.server.url, house.administrator);
  await deployed(ada);
  const grace = await somebody({ stage, house }, "Grace", "Deployer", ["rumpledev", "rumpletest", "rumpleprod"]);
  const page = await stage.page(house.server.url, grace);
  await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
  await page.goto("/admin/plan");
  await page.getByRole("button", { name: /^Apply \d+ steps/ }).click();
  await expect(page).toHaveURL(/\/admin\/applies\//);
  const apply = new URL(page.url()).pathname;
  await ada.goto("/admin/people");
  await ada.getByRole("row").filter({ hasText: grace.email }).getByRole("link").click();
  await ada.getByRole("button", { name: "Disable", exact: true }).click();
  await ada.getByRole("button", { name: "Disable Grace" }).click();
  await expect(ada.getByText("Disabled", { exact: true })).toBeVisible();
  await page.goto("/admin");
  await expect(page).toHaveURL(/\/sign-in/);
  await ada.goto(apply);
  // It is brought to an end that says how: cancelled between steps, or done if it was at its last.
  await expect(ada.getByText(/It was cancelled|It is done|It failed/)).toBeVisible({ timeout: 30_000 });
});
