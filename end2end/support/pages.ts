import { type Page, expect } from "@playwright/test";

import { type House, type Person, type Stage, ask, deployed, invite, join, lastAnswer } from "./test.js";
import { freePort } from "./server.js";

/** One page as somebody meets it. */
export interface Shown {
  /** What it is, for the test's name and the picture's. */
  name: string;
  /** The route of `app/src/routes.rs` it shows; none for pages that stand in for others. */
  route?: string;
  /** The HTTP status it comes with. */
  status: number;
  /** Leads a browser of its own there and returns it with the page's address. */
  open(at: Place): Promise<{ page: Page; address: string }>;
}

/** What pages can be shown with. */
export interface Place {
  stage: Stage;
  house: House;
}

const asAdministrator = async ({ stage, house }: Place, address: string) => ({
  page: await stage.page(house.server.url, house.administrator),
  address,
});
const asNobody = async ({ stage, house }: Place, address: string) => ({ page: await stage.page(house.server.url), address });

/** Another person in the house, who may do no more than everybody. */
async function member({ stage, house }: Place, name: string): Promise<Person> {
  const page = await stage.page(house.server.url, house.administrator);
  const email = `${name}-${Date.now()}-${Math.random().toString(36).slice(2)}@example.org`.toLowerCase();
  return join(stage.browser, await invite(page, name), name, email);
}

/** The address of a conversation with one answer. */
async function conversation(page: Page): Promise<string> {
  await ask(page, "Show me a table, a list and some code.", "demo-sample");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  return page.url();
}

/** A page of the demo's deployments, once they are on the stage. */
const ofDeployments = async (at: Place, address: string) => {
  const shown = await asAdministrator(at, address);
  await deployed(shown.page);
  return shown;
};

/** A catalog of a house of its own that somebody changed by hand. */
async function editedByHand(stage: Stage) {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
  return { house, page };
}

/** The address of the catalog's newest commit. */
async function newestVersion(page: Page): Promise<string> {
  await page.goto("/admin/catalog/history");
  return (await page.locator("a[href^='/admin/catalog/history/']:not([href$='/now'])").first().getAttribute("href")) ?? "";
}

/** A list of stacks as an older tool wrote it. */
const OLDER = `{
  "docker_stacks": {
    "documents": {
      "name": "documents",
      "compose_file_path": "/usr/local/phoenix/stacks/documents/docker-compose.yml",
      "colour": "green",
      "environments": {
        "production": { "variables": [{ "name": "OCR_LANGUAGES", "value": "eng" }], "files": [{ "source": "a", "destination_in_container": "/b" }] }
      }
    }
  }
}
`;

/** A house of its own to edit in: a draft belongs to its person, and stays. */
async function editing({ stage }: Place): Promise<{ page: Page; house: House }> {
  const house = await stage.house({ demo: true });
  const page = await stage.page(house.server.url, house.administrator);
  await deployed(page);
  return { page, house };
}

/** Says what the stack "documents" is for, in the draft. */
async function describe(page: Page, words: string): Promise<void> {
  await page.goto("/admin/catalog/documents");
  await page.getByLabel("What it is for").fill(words);
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await expect(page.locator("#draft-bar")).toContainText("1 stack changed");
}

/** Every page there is, the ones that say what went wrong included. A route without a row here fails a test. */
export const PAGES: Shown[] = [
  { name: "home", route: "/", status: 200, open: (at) => asAdministrator(at, "/") },
  { name: "chat-list", route: "/chat", status: 200, open: (at) => asAdministrator(at, "/chat") },
  { name: "chat-new", route: "/chat/new", status: 200, open: (at) => asAdministrator(at, "/chat/new") },
  {
    name: "chat",
    route: "/chat/{id}",
    status: 200,
    open: async (at) => {
      const { page } = await asAdministrator(at, "");
      return { page, address: await conversation(page) };
    },
  },
  { name: "deployments", route: "/admin", status: 200, open: (at) => ofDeployments(at, "/admin") },
  { name: "stacks", route: "/admin/stacks", status: 200, open: (at) => ofDeployments(at, "/admin/stacks") },
  { name: "stacks-none", status: 200, open: (at) => ofDeployments(at, "/admin/stacks?q=nothing+like+this") },
  {
    name: "stack-failing",
    route: "/admin/stacks/{environment}/{stack}",
    status: 200,
    open: (at) => ofDeployments(at, "/admin/stacks/rumpledev/workflows"),
  },
  { name: "stack-drifted", status: 200, open: (at) => ofDeployments(at, "/admin/stacks/rumpletest/documents") },
  { name: "environments", route: "/admin/environments", status: 200, open: (at) => ofDeployments(at, "/admin/environments") },
  {
    name: "environment",
    route: "/admin/environments/{name}",
    status: 200,
    open: (at) => ofDeployments(at, "/admin/environments/rumpledev"),
  },
  { name: "catalog", route: "/admin/catalog", status: 200, open: (at) => ofDeployments(at, "/admin/catalog") },
  { name: "catalog-none", status: 200, open: (at) => ofDeployments(at, "/admin/catalog?q=nothing+like+this") },
  {
    name: "catalog-more",
    route: "/admin/catalog/{stack}/more",
    status: 200,
    open: (at) => ofDeployments(at, "/admin/catalog/documents/more"),
  },
  { name: "catalog-history", route: "/admin/catalog/history", status: 200, open: (at) => ofDeployments(at, "/admin/catalog/history") },
  {
    name: "catalog-version",
    route: "/admin/catalog/history/{version}",
    status: 200,
    open: async (at) => {
      const { page } = await ofDeployments(at, "");
      return { page, address: await newestVersion(page) };
    },
  },
  {
    name: "catalog-by-hand",
    status: 200,
    open: async ({ stage }) => ({ page: (await editedByHand(stage)).page, address: "/admin/catalog/history/now" }),
  },
  {
    name: "catalog-restore",
    route: "/admin/catalog/history/{version}/restore",
    status: 200,
    open: async ({ stage }) => {
      const { page } = await editedByHand(stage);
      return { page, address: `${await newestVersion(page)}/restore` };
    },
  },
  { name: "catalog-import", route: "/admin/catalog/import", status: 200, open: (at) => ofDeployments(at, "/admin/catalog/import") },
  {
    name: "catalog-import-older",
    status: 200,
    open: async ({ stage }) => {
      const { house, page } = await editedByHand(stage);
      await house.server.editCatalog("phoenix_stacks_config.json", () => OLDER);
      return { page, address: "/admin/catalog/import" };
  { name: "editor", route: "/admin/catalog/{stack}", status: 200, open: (at) => ofDeployments(at, "/admin/catalog/documents") },
  { name: "editor-environment", status: 200, open: (at) => ofDeployments(at, "/admin/catalog/web-services?on=rumpledev") },
  { name: "editor-new", route: "/admin/catalog/new", status: 200, open: (at) => ofDeployments(at, "/admin/catalog/new") },
  {
    name: "editor-text-broken",
    status: 200,
    open: async (at) => {
      const { page } = await editing(at);
      await page.goto("/admin/catalog/documents?as=text");
      const box = page.getByLabel("The stack's entry, as JSON");
      await box.fill((await box.inputValue()).replace('"depends_on": ["database"],', '"depends_on": ["database"'));
      await page.getByRole("button", { name: "Keep", exact: true }).click();
      await expect(page.locator("#text-findings")).toContainText("Line");
      return { page, address: "/admin/catalog/documents?as=text" };
    },
  },
  {
    name: "draft",
    route: "/admin/catalog/draft",
    status: 200,
    open: async (at) => {
      const { page } = await editing(at);
      await describe(page, "Documents: served, read, searched and asked.");
      return { page, address: "/admin/catalog/draft" };
    },
  },
  { name: "draft-empty", status: 200, open: async (at) => ({ page: (await editing(at)).page, address: "/admin/catalog/draft" }) },
  {
    name: "draft-clash",
    status: 200,
    open: async (at) => {
      const { page, house } = await editing(at);
      await describe(page, "Documents: served, read, searched and asked.");
      await house.server.editCatalog("phoenix_stacks_config.json", (text) => text.replace('"eng+deu"', '"eng+deu+fra"'));
      return { page, address: "/admin/catalog/draft" };
    },
  },
  { name: "plan", route: "/admin/plan", status: 200, open: (at) => ofDeployments(at, "/admin/plan") },
  { name: "plan-removing", status: 200, open: (at) => ofDeployments(at, "/admin/plan?prune=all") },
  { name: "applies", route: "/admin/applies", status: 200, open: (at) => ofDeployments(at, "/admin/applies") },
  {
    name: "apply-failed",
    route: "/admin/applies/{id}",
    status: 200,
    open: async (at) => {
      const { page } = await ofDeployments(at, "");
      await page.goto("/admin/applies");
      const first = page.locator("a[href^='/admin/applies/']").last();
      return { page, address: (await first.getAttribute("href")) ?? "" };
    },
  },
  {
    name: "deployments-empty",
    status: 200,
    open: async ({ stage }) => {
      const house = await stage.house({});
      return { page: await stage.page(house.server.url, house.administrator), address: "/admin" };
    },
  },
  {
    name: "deployments-down",
    status: 200,
    open: async ({ stage }) => {
      const house = await stage.house({ env: { PORTAINER_URL: `http://127.0.0.1:${await freePort()}`, PORTAINER_API_KEY: "ptr_none" } });
      const page = await stage.page(house.server.url, house.administrator);
      await page.goto("/admin");
      await page.getByRole("button", { name: "Make it and look" }).click();
      return { page, address: "/admin" };
    },
  },
  { name: "people", route: "/admin/people", status: 200, open: (at) => asAdministrator(at, "/admin/people") },
  { name: "account", route: "/account", status: 200, open: (at) => asAdministrator(at, "/account") },
  { name: "sign-in", route: "/sign-in", status: 200, open: (at) => asNobody(at, "/sign-in") },
  {
    name: "join",
    route: "/join/{token}",
    status: 200,
    open: async (at) => {
      const { page } = await asAdministrator(at, "");
      return asNobody(at, await invite(page, "Grace, for the docs"));
    },
  },
  {
    name: "set-up",
    route: "/join/{token}",
    status: 200,
    open: async ({ stage }) => {
      const server = await stage.server({ demo: true });
      return { page: await stage.page(server.url), address: server.setupLink };
    },
  },
  {
    name: "403-forbidden",
    status: 403,
    open: async (at) => ({
      page: await at.stage.page(at.house.server.url, await member(at, "Grace")),
      address: "/admin/people",
    }),
  },
  { name: "404-missing", status: 404, open: (at) => asAdministrator(at, "/nowhere") },
  { name: "404-missing-for-nobody", status: 404, open: (at) => asNobody(at, "/nowhere") },
  { name: "410-used-link", status: 410, open: (at) => asNobody(at, at.house.server.setupLink) },
  {
    name: "500-broken",
    status: 500,
    open: async ({ stage }) => {
      const house = await stage.house({ demo: true });
      const page = await stage.page(house.server.url, house.administrator);
      await house.server.breakDatabase();
      return { page, address: "/chat" };
    },
  },
  {
    // The page stays readable without its model server, so this one says so and comes with 200.
    name: "chat-down",
    status: 200,
    open: async ({ stage }) => {
      const house = await stage.house({ env: { PHOENIX_URL: `http://127.0.0.1:${await freePort()}` } });
      return { page: await stage.page(house.server.url, house.administrator), address: "/chat/new" };
    },
  },
];
