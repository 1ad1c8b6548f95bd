// From an edit in git to a healthy container, and what happens when something gets in between: the real program, real repositories,
// a stand-in for Portainer of either generation in a process of its own.
import type { Page } from "@playwright/test";

import { GENERATIONS } from "../support/portainer.js";
import { expect, expectAccessible, invite, join, test } from "../support/test.js";
import { Yard, apply, compose, look, planOf, stackPage } from "../support/yard.js";

const state = (page: Page, words: string) => page.locator("main").getByText(words, { exact: true }).first();

for (const generation of GENERATIONS) {
  test.describe(`with Portainer ${generation}`, () => {
    test.skip(({ isMobile }) => isMobile && generation === "2.23", "what a page looks like does not depend on the generation");

    test("a new stack goes from its repository to a healthy container", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumpledev"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await page.goto("/admin");
      await expect(page.getByText("There is no catalog yet")).toBeVisible();
      await page.getByRole("button", { name: "Make it and look" }).click();
      await expect(page.getByText("Looked again")).toBeVisible();

      const commit = await (await yard.source("web")).edit("docker-compose.yml", (text) => `# the front page\n${text}`, "Say what it is");
      await yard.want(["rumpledev"], ["web"]);
      await page.getByRole("button", { name: "Look again" }).click();
      await page.getByRole("link", { name: /Changes wait.*web/ }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("web");
      await page.getByRole("link", { name: "Review changes" }).click();
      await page.getByRole("button", { name: "Create web" }).click();
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });

      expect(await yard.portainer.containers("rumpledev")).toEqual(["web-main-1"]);
      expect(await yard.portainer.variable("rumpledev", "web-main-1", "GREETING")).toBe("Welcome");
      await look(page);
      await page.goto(stackPage("rumpledev", "web"));
      await expect(state(page, "In step")).toBeVisible();
      await expect(page.getByText(`commit ${commit.slice(0, 10)}`).first()).toBeVisible();
      await expect(page.getByText("revision 1").first()).toBeVisible();
    });

    test("a variable is edited on a page, committed by name, reviewed and applied", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumple"], ["web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await apply(page, planOf("rumple", "web"), "Create web");
      await page.goto("/admin/catalog/web");
      await page.getByLabel("Value of GREETING").fill("Good evening");
      await expect(page.locator("#draft-bar")).toContainText("1 stack changed");
      await page.goto("/admin/catalog/draft");
      await page.getByLabel("What you changed and why").fill("Greet by the hour");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await expect(page.getByText("Saved, and not deployed yet")).toBeVisible();
      expect(await yard.catalog.last()).toBe("Ada Byron: Greet by the hour");
      expect(await yard.portainer.variable("rumple", "web-main-1", "GREETING"), "saving deploys nothing").toBe("Welcome");
      await page.getByRole("link", { name: "Review changes" }).click();
      await expect(page.getByRole("row", { name: /GREETING/ })).toContainText("Good evening");
      await page.getByRole("button", { name: "Update web" }).click();
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });
      expect(await yard.portainer.variable("rumple", "web-main-1", "GREETING")).toBe("Good evening");
    });

    test("a failing health check is rolled back by itself", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumpledev"], ["web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await apply(page, planOf("rumpledev", "web"), "Create web");
      await yard.portainer.order({ do: "behave", host: "rumpledev", service: "nginx:1.28", how: "unhealthy" });
      await yard.sourceOf("web").commit({ "docker-compose.yml": compose("nginx:1.28") }, "Newer nginx");

      await page.goto(planOf("rumpledev", "web"));
      await page.getByLabel("When a step fails").selectOption({ label: "On failure: roll back" });
      await page.getByRole("button", { name: "Plan", exact: true }).click();
      await expect(page).toHaveURL(/on_failure=roll_back/);
      await page.getByRole("button", { name: /web$/ }).click();
      await expect(page.getByText("It failed")).toBeVisible({ timeout: 20_000 });
      await expect(page.getByText(/brought back: revision 1 runs and is healthy/i).first()).toBeVisible();
      await expectAccessible(page);

      await look(page);
      await page.goto(stackPage("rumpledev", "web"));
      await expect(page.getByText("nginx:1.27").first()).toBeVisible();
      await expect(state(page, "Failing")).toHaveCount(0);
    });

    test("a plan that the world moved away from is refused, and says what moved", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumpledev"], ["web", "papers"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await apply(page, "/admin/plan", "Apply 2 steps");
      const done = await yard.portainer.deploys();
      await yard.greet("Hello");
      await page.goto("/admin/plan");
      await yard.greet("Good day");
      await yard.portainer.order({ do: "remove_by_hand", host: "rumpledev", service: "main" });
      await page.getByRole("button", { name: "Apply 2 steps" }).click();
      await expect(page.getByText("It moved")).toBeVisible();
      await expect(page.getByText(/The catalog moved from [0-9a-f]{10} to [0-9a-f]{10}/)).toBeVisible();
      await expect(page.getByText("rumpledev/papers, rumpledev/web")).toBeVisible();
      expect(await yard.portainer.deploys(), "nothing was done").toBe(done);
      await expectAccessible(page);

      // Below stands the plan as it is now; that one can be carried out.
      await page.getByRole("button", { name: "Apply 2 steps" }).click();
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });
      expect(await yard.portainer.variable("rumpledev", "web-main-1", "GREETING")).toBe("Good day");
    });

    test("what proved itself is promoted from dev to test to prod", async ({ stage }) => {
      const places = ["rumpledev", "rumpletest", "rumpleprod"];
      const yard = await Yard.open(stage, generation, places, ["web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await apply(page, planOf("rumpledev", "web"), "Create web");
      // From here on the repository goes on: what is promoted is what was proved, not what is newest.
      await yard.sourceOf("web").commit({ "docker-compose.yml": compose("nginx:1.29") }, "Not proved yet");
      for (const [from, to] of [["rumpledev", "rumpletest"], ["rumpletest", "rumpleprod"]] as const) {
        await look(page);
        await page.goto(stackPage(to, "web"));
        await page.getByRole("link", { name: `Promote from ${from} to ${to}` }).click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Promote web from ${from}`);
        await page.getByRole("button", { name: "Create web" }).click();
        await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });
      }
      await look(page);
      await page.goto(stackPage("rumpleprod", "web"));
      await expect(page.getByText("nginx:1.27").first()).toBeVisible();
      await expect(page.getByText(/^Held at revision/)).toBeVisible();
      await expect(page.getByText(/Promoted from rumpletest/).first()).toBeVisible();
    });

    test("a rollback stays against a new commit until it is released", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumple"], ["web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      await apply(page, planOf("rumple", "web"), "Create web");
      await yard.greet("Hello");
      await apply(page, planOf("rumple", "web"), "Update web");
      await look(page);
      await page.goto(stackPage("rumple", "web"));
      await page.getByRole("link", { name: "Roll back to revision 1" }).click();
      await page.getByRole("button", { name: "Update web" }).click();
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });

      await yard.greet("Good day");
      await look(page);
      await page.goto(planOf("rumple", "web"));
      await expect(page.getByText("Nothing to do")).toBeVisible();
      expect(await yard.portainer.variable("rumple", "web-main-1", "GREETING")).toBe("Welcome");
      await page.goto(stackPage("rumple", "web"));
      await expect(page.getByText("Held at revision 1", { exact: true })).toBeVisible();
      await expect(page.getByText("the catalog now wants something else, which waits")).toBeVisible();
      await expectAccessible(page);

      // A rollback runs from the text it was kept with; from there it goes back to its repository by being made again.
      await page.getByRole("link", { name: "Review what the catalog wants" }).click();
      await page.getByRole("button", { name: "Recreate web" }).click();
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });
      expect(await yard.portainer.variable("rumple", "web-main-1", "GREETING")).toBe("Good day");
      await look(page);
      await page.goto(stackPage("rumple", "web"));
      await expect(state(page, "In step")).toBeVisible();
      await expect(page.getByText("Held at revision 1", { exact: true })).toHaveCount(0);
    });

    test("an apply is seen to its end after a reload and from a second device", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumple"], ["web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      const address = await underWay(yard, page);
      await page.reload();
      await expect(state(page, "Running")).toBeVisible();
      const other = await stage.page(yard.house.server.url, yard.house.administrator);
      await other.goto("/admin");
      await other.getByRole("link", { name: /Applying.*web/ }).click();
      await expect(other).toHaveURL(address);
      await yard.portainer.order({ do: "release_deploys" });
      for (const one of [page, other]) await expect(one.getByText("It is done")).toBeVisible({ timeout: 20_000 });
      expect(await yard.portainer.containers("rumple")).toEqual(["web-main-1"]);
    });

    test("an apply goes on after the server was killed in the middle", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumple"], ["papers", "web"]);
      const page = await stage.page(yard.house.server.url, yard.house.administrator);
      const address = await underWay(yard, page);
      const again = await yard.house.server.killAndRestart();
      stage.after(() => again.stop());
      await yard.portainer.order({ do: "release_deploys" });
      // Nobody touched the page: it finds the server again by itself.
      await expect(page.getByText("It is done")).toBeVisible({ timeout: 30_000 });
      await expect(page).toHaveURL(address);
      expect((await yard.portainer.containers("rumple")).sort()).toEqual(["papers-main-1", "web-main-1"]);
      expect(await yard.portainer.deploys(), "nothing was deployed twice").toBe(2);
      await page.goto("/admin/applies");
      await expect(page.getByRole("link", { name: /Applying|Running/ })).toHaveCount(0);
    });

    test("what somebody began ends between two steps when they are disabled", async ({ stage }) => {
      const yard = await Yard.open(stage, generation, ["rumple"], ["papers", "web"]);
      const ada = await stage.page(yard.house.server.url, yard.house.administrator);
      const grace = await join(stage.browser, await invite(ada, "Grace", "Administrator"), "Grace", "grace@example.org");
      const page = await stage.page(yard.house.server.url, grace);
      const address = await underWay(yard, page);

      await ada.goto("/admin/people");
      await ada.getByRole("row").filter({ hasText: grace.email }).getByRole("link").click();
      await ada.getByRole("button", { name: "Disable", exact: true }).click();
      await ada.getByRole("button", { name: "Disable Grace" }).click();
      await expect(ada.getByText("Disabled", { exact: true })).toBeVisible();
      await page.goto(address);
      await expect(page).toHaveURL(/\/sign-in/);
      await yard.portainer.order({ do: "release_deploys" });
      await ada.goto(address);
      await expect(ada.getByText("It was cancelled", { exact: true })).toBeVisible({ timeout: 20_000 });
      await expect(ada.getByText(/By Grace/)).toBeVisible();
      expect(await yard.portainer.containers("rumple"), "the step under way was brought to its end, no other begun").toEqual(["papers-main-1"]);

      // Somebody else goes on from there.
      await ada.getByRole("link", { name: "Plan the rest" }).click();
      await ada.getByRole("button", { name: "Create web" }).click();
      await expect(ada.getByText("It is done")).toBeVisible({ timeout: 20_000 });
    });
  });
}

/** Begins to apply everything and returns the apply's address once its first deployment is under way, held back. */
async function underWay(yard: Yard, page: Page): Promise<string> {
  await yard.portainer.order({ do: "hold_deploys" });
  await page.goto("/admin/plan");
  await page.getByRole("button", { name: /^(Create web|Apply 2 steps)$/ }).click();
  await expect(page).toHaveURL(/\/admin\/applies\//);
  await yard.portainer.order({ do: "await_deploy" });
  return page.url();
}
