import { PASSWORD, build, expect, expectAccessible, invite, join, test } from "../support/test.js";

test("the set-up link makes the first administrator, once", async ({ browser, page, house, home }) => {
  await page.goto(house.server.setupLink);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link is used up");
  await page.goto(home);
  await expect(page).toHaveURL(/\/sign-in/);
  await expectAccessible(page);
  // A second house, to look at the link while it is fresh.
  const fresh = await build(browser, { demo: true });
  await fresh.server.stop();
});

test("signing in leads back to where one wanted to go", async ({ page, house, home }) => {
  await page.goto(`${home}/account`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByLabel("Email").fill(house.administrator.email);
  await page.getByLabel("Password").fill("wrong password here");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(house.administrator.email);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await expectAccessible(page);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
});

test("pages without islands load no WebAssembly, and of scripts the keys alone", async ({ page, ada, home }) => {
  for (const [visitor, path] of [[page, "/sign-in"], [ada, "/"], [ada, "/account"], [ada, "/admin"], [ada, "/admin/stacks"], [ada, "/admin/plan"], [ada, "/admin/people"], [ada, "/admin/audit"]] as const) {
    const scripts: string[] = [];
    const note = (request: { url(): string; resourceType(): string }) => {
      if (request.resourceType() === "script" || request.url().endsWith(".wasm")) scripts.push(request.url());
    };
    visitor.on("request", note);
    await visitor.goto(`${home}${path}`, { waitUntil: "networkidle" });
    visitor.off("request", note);
    const keys = visitor === ada ? [expect.stringMatching(/\/pkg\/[0-9a-f]+\/keys\.js$/)] : [];
    expect(scripts, path).toEqual(keys);
  }
});

test("everything works without JavaScript", async ({ browser, house, home, contextOptions }) => {
  const context = await browser.newContext({ ...contextOptions, javaScriptEnabled: false, baseURL: home });
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(house.administrator.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");

  await page.goto("/account");
  await page.getByLabel("Password now").fill("not it");
  await page.getByLabel("New password").fill("another fine password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.locator(".field-error, .notice").first()).toBeVisible();

  await page.goto("/chat/new");
  await page.getByRole("textbox", { name: "Message" }).fill("Does this need a script?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}/);
  await expect(page.locator(".message-user")).toContainText("Does this need a script?");
  // The page refreshes itself until the answer is there.
  await expect(page.locator('.message-answer[data-status="complete"]')).toBeVisible({ timeout: 30_000 });
  await context.close();
});

test("inviting somebody, and disabling them ends what they do", async ({ browser, ada, house, home, contextOptions }, info) => {
  await ada.goto("/admin/people");
  await ada.getByRole("button", { name: "Invite" }).click();
  await expect(ada.getByRole("dialog", { name: "Invite somebody" })).toBeVisible();
  await expectAccessible(ada);
  await ada.getByLabel("For whom").fill("Grace");
  await ada.getByRole("button", { name: "Make the link" }).click();
  const link = await ada.getByLabel("One-time link").inputValue();
  expect(link).toContain(`/join/`);
  await expectAccessible(ada);
  await ada.reload();
  await expect(ada.getByLabel("One-time link")).toHaveCount(0);

  const email = `grace-${info.project.name}-${info.workerIndex}@example.org`;
  const grace = await join(browser, link, `Grace ${info.project.name}`, email);
  const context = await browser.newContext({ ...contextOptions, storageState: grace.state, baseURL: house.server.url });
  const page = await context.newPage();
  await page.goto("/admin/people");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is not open to you");
  await expectAccessible(page);
  await page.goto("/");
  await expect(page.getByRole("link", { name: "People" })).toHaveCount(0);

  await ada.goto(`${home}/admin/people`);
  await ada.getByRole("row").filter({ hasText: email }).getByRole("link").click();
  await ada.getByRole("button", { name: "Disable", exact: true }).click();
  const sure = ada.getByRole("dialog", { name: `Disable Grace ${info.project.name}?` });
  await expect(sure).toBeVisible();
  await expectAccessible(ada);
  await sure.getByRole("button", { name: `Disable Grace ${info.project.name}` }).click();
  await expect(ada.getByText("Disabled", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in/);
  await context.close();
});

test("sessions are listed and can be ended", async ({ browser, ada, house, home, contextOptions }) => {
  const other = await browser.newContext({ ...contextOptions, baseURL: home });
  const page = await other.newPage();
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(house.administrator.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");

  // This device ends every other session, and the other browser must sign in again.
  await ada.goto("/account");
  await expect(ada.getByText("This device", { exact: true })).toBeVisible();
  const rows = ada.locator(".rowitem");
  const before = await rows.count();
  expect(before).toBeGreaterThan(1);
  await ada.getByRole("button", { name: "End all others" }).click();
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in/);
  await other.close();
});

test("the look can be dark, light or the system's", async ({ ada }) => {
  await ada.goto("/account");
  const background = () => ada.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await ada.getByRole("radio", { name: "Dark" }).check();
  await ada.getByRole("button", { name: "Save" }).click();
  await expect(ada.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await background()).not.toBe(light);
  await expectAccessible(ada);
  await ada.goto("/");
  await expect(ada.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("after too many tries the page says how long to wait", async ({ stage }) => {
  // A server of its own: tries are counted per network, and every browser here comes from the same.
  const { server } = await stage.house({});
  const page = await stage.page(server.url);
  await page.goto("/sign-in");
  const alert = page.getByRole("alert");
  await expect(async () => {
    await page.getByLabel("Email").fill("somebody@example.org");
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(alert).toContainText(/Too many .+ Try again in \d+ seconds?\./, { timeout: 500 });
  }).toPass({ intervals: [0], timeout: 30_000 });
  await expect(page.getByLabel("Email")).toHaveValue("somebody@example.org");
  await expectAccessible(page);
});

test("a refused form keeps what was typed, twice", async ({ stage, ada, house, home }, info) => {
  const page = await stage.page(home);
  await page.goto(await invite(ada, "Hedy"));
  await page.getByLabel("Your name").fill("Hedy Lamarr");
  await page.getByLabel("Email").fill(house.administrator.email);
  for (const round of ["first", "second"]) {
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByLabel("Email"), round).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Your name"), round).toHaveValue("Hedy Lamarr");
    await expect(page.getByLabel("Email"), round).toHaveValue(house.administrator.email);
    await expect(page.getByLabel("Password"), "a password is never sent back").toHaveValue("");
  }
  await expectAccessible(page);
  await page.getByLabel("Email").fill(`hedy-${info.project.name}-${info.workerIndex}-${info.repeatEachIndex}@example.org`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello, Hedy");
});
