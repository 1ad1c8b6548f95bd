// Over 400 lines because it is one table: every page, the ones that say what went wrong included.
import { type Locator, type Page, expect } from "@playwright/test";

import { type House, type Person, type Stage, ask, deployed, invite, join, lastAnswer } from "./test.js";
import { Portainer, freePort } from "./server.js";

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
  /** Does what it is to be shown after, once it is loaded. */
  then?(page: Page): Promise<void>;
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

/** Another person in the house, with a role. */
export async function somebody({ stage, house }: Place, name: string, role: string, environments: string[] = []): Promise<Person> {
  const page = await stage.page(house.server.url, house.administrator);
  if (environments.length > 0) await deployed(page);
  const email = `${name}-${Date.now()}-${Math.random().toString(36).slice(2)}@example.org`.toLowerCase();
  return join(stage.browser, await invite(page, name, role, environments), name, email);
}

/** The address of a conversation with one answer. */
async function conversation(page: Page): Promise<string> {
  await ask(page, "Show me a table, a list and some code.", "demo-sample");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete", { timeout: 30_000 });
  return page.url();
}

/** Presses a key until the script is awake and has shown something. */
async function press(page: Page, key: string, shown: Locator): Promise<void> {
  await expect(async () => {
    if (!(await shown.isVisible())) await page.keyboard.press(key);
    await expect(shown).toBeVisible({ timeout: 500 });
  }).toPass();
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
/** A house that was shown a Portainer, and asks whether it is the right one. */
const connecting = async ({ stage }: Place, address: string) => {
  const portainer = await Portainer.start();
  stage.after(() => portainer.stop());
  const house = await stage.house({});
  const page = await stage.page(house.server.url, house.administrator);
  await page.goto("/admin/connect");
  await page.getByLabel("Address").fill(portainer.url);
  await page.getByRole("button", { name: "Look at it" }).click();
  await expect(page.getByText("Its certificate's SHA-256 is")).toBeVisible();
  return { page, address };
};

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
    },
  },
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
  {
    name: "connect",
    route: "/admin/connect",
    status: 200,
    open: async ({ stage }) => {
      const house = await stage.house({});
      return { page: await stage.page(house.server.url, house.administrator), address: "/admin/connect" };
    },
  },
  { name: "connect-trust", status: 200, open: (at) => connecting(at, "/admin/connect?step=trust") },
  {
    name: "connect-access",
    status: 200,
    open: async (at) => {
      const { page } = await connecting(at, "");
      await page.getByLabel("I compared it").check();
      await page.getByRole("button", { name: "Go on" }).click();
      return { page, address: page.url() };
    },
  },
  {
    name: "environment-add",
    route: "/admin/environments/add",
    status: 200,
    open: (at) => asAdministrator(at, "/admin/environments/add"),
  },
  {
    name: "environment-bind",
    route: "/admin/environments/bind",
    status: 200,
    open: async (at) => {
      const { page } = await ofDeployments(at, "");
      await page.goto("/admin/environments/bind?guest=rumpledev");
      await page.getByRole("button", { name: "Test the connection" }).click();
      await expect(page.getByText("Connected", { exact: true })).toBeVisible();
      return { page, address: "/admin/environments/bind?guest=rumpledev" };
    },
  },
  {
    name: "container",
    route: "/admin/stacks/{environment}/{stack}/containers/{container}",
    status: 200,
    open: (at) => ofDeployments(at, "/admin/stacks/rumpledev/workflows/containers/workflows-n8n-1"),
  },
  {
    name: "container-search",
    status: 200,
    open: (at) => ofDeployments(at, "/admin/stacks/rumpledev/workflows/containers/workflows-n8n-1?q=connect&lines=500"),
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
  {
    name: "palette",
    status: 200,
    open: (at) => ofDeployments(at, "/admin"),
    then: async (page) => {
      await press(page, "Control+k", page.getByRole("combobox"));
      await expect(page.getByRole("option", { name: /^documents/ }).first()).toBeAttached();
    },
  },
  {
    name: "keys",
    status: 200,
    open: (at) => asAdministrator(at, "/account"),
    then: (page) => press(page, "?", page.getByRole("dialog", { name: "Keys" })),
  },
  { name: "people", route: "/admin/people", status: 200, open: (at) => asAdministrator(at, "/admin/people") },
  {
    name: "person",
    route: "/admin/people/{id}",
    status: 200,
    open: async (at) => {
      const { page } = await asAdministrator(at, "");
      const grace = await somebody(at, "Grace", "Deployer", ["rumpledev"]);
      await page.goto("/admin/people");
      const link = page.getByRole("row").filter({ hasText: grace.email }).getByRole("link");
      return { page, address: (await link.getAttribute("href")) ?? "" };
    },
  },
  { name: "audit", route: "/admin/audit", status: 200, open: (at) => asAdministrator(at, "/admin/audit?check=chain") },
  { name: "audit-none", status: 200, open: (at) => asAdministrator(at, "/admin/audit?to=2020-01-01") },
  {
    name: "home-viewer",
    status: 200,
    open: async (at) => {
      await ofDeployments(at, "");
      return { page: await at.stage.page(at.house.server.url, await somebody(at, "Vera", "Viewer")), address: "/" };
    },
  },
  {
    name: "deployments-viewer",
    status: 200,
    open: async (at) => {
      await ofDeployments(at, "");
      return { page: await at.stage.page(at.house.server.url, await somebody(at, "Vera", "Viewer")), address: "/admin" };
    },
  },
  {
    name: "environment-deployer",
    status: 200,
    open: async (at) => {
      await ofDeployments(at, "");
      const grace = await somebody(at, "Grace", "Deployer", ["rumpledev"]);
      return { page: await at.stage.page(at.house.server.url, grace), address: "/admin/environments/rumpleprod" };
    },
  },
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
      page: await at.stage.page(at.house.server.url, await somebody(at, "Grace", "Member")),
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
