import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, expect, test as base } from "@playwright/test";

import { Server, type ServerOptions } from "./server.js";

export const PASSWORD = "five quiet herons at dusk";

export interface Person {
  email: string;
  /** Cookies of the signed-in browser, for new contexts. */
  state: Awaited<ReturnType<BrowserContext["storageState"]>>;
}

/** A server with its first administrator. */
export interface House {
  server: Server;
  administrator: Person;
}

/** Starts a server and makes its first administrator through the one-time link, as an owner would. */
export async function build(browser: Browser, options: ServerOptions): Promise<House> {
  const server = await Server.start(options);
  const administrator = await join(browser, server.setupLink, "Ada Byron", "ada@example.org");
  return { server, administrator };
}

/** Invites somebody, as an administrator, and returns the one-time link. A deployer comes with environments. */
export async function invite(administrator: Page, note: string, role = "Member", environments: string[] = []): Promise<string> {
  await administrator.goto("/admin/people");
  await administrator.getByRole("button", { name: "Invite" }).click();
  await administrator.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  for (const name of environments) await administrator.getByRole("checkbox", { name, exact: true }).check();
  await administrator.getByLabel("For whom").fill(note);
  await administrator.getByRole("button", { name: "Make the link" }).click();
  return administrator.getByLabel("One-time link").inputValue();
}

/** Follows a one-time link to an account. */
export async function join(browser: Browser, link: string, name: string, email: string): Promise<Person> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Hello");
  const state = await context.storageState();
  await context.close();
  return { email, state };
}

/** Pages and servers for one test; all are closed at its end. */
export interface Stage {
  /** The browser of the test. */
  browser: Browser;
  /** A server of the test's own, with its one-time link still unused. */
  server(options: ServerOptions): Promise<Server>;
  /** A server of the test's own, with its administrator. */
  house(options: ServerOptions): Promise<House>;
  /** A browser of its own, signed in as somebody or nobody. Counts how far its content jumps: see `shift`. */
  page(home: string, person?: Person, options?: BrowserContextOptions): Promise<Page>;
  /** Does something when the test is over. */
  after(act: () => Promise<unknown>): void;
}

interface Fixtures {
  stage: Stage;
  /** A page signed in as the administrator. */
  ada: Page;
  /** The URL of the demo server. */
  home: string;
}

/** `house` is a demo server shared by a worker's tests; each test makes what it needs in it. */
export const test = base.extend<Fixtures, { house: House }>({
  house: [
    async ({ browser }, use) => {
      const house = await build(browser, { demo: true });
      await use(house);
      const panics = house.server.logText().split("\n").filter((line) => /panicked/i.test(line));
      await house.server.stop();
      expect(panics, "the server panicked").toEqual([]);
    },
    { scope: "worker" },
  ],
  stage: async ({ browser, contextOptions }, use) => {
    const acts: (() => Promise<unknown>)[] = [];
    await use({
      browser,
      after: (act) => acts.unshift(act),
      server: async (options) => {
        const server = await Server.start(options);
        acts.unshift(() => server.stop());
        return server;
      },
      house: async (options) => {
        const house = await build(browser, options);
        acts.unshift(() => house.server.stop());
        return house;
      },
      page: async (baseURL, person, options) => {
        const context = await browser.newContext({ ...contextOptions, baseURL, storageState: person?.state, ...options });
        acts.unshift(() => context.close());
        await context.addInitScript(countShifts);
        return context.newPage();
      },
    });
    for (const act of acts) await act();
  },
  home: async ({ house }, use) => use(house.server.url),
  ada: async ({ browser, house, contextOptions }, use) => {
    const context = await browser.newContext({ ...contextOptions, storageState: house.administrator.state, baseURL: house.server.url });
    const page = await context.newPage();
    const refused: string[] = [];
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) refused.push(message.text());
    });
    page.on("pageerror", (error) => refused.push(`script error: ${error.message}`));
    await use(page);
    expect(refused, "the page broke its own policy or a script failed").toEqual([]);
    await context.close();
  },
});

export { expect } from "@playwright/test";

/** axe with its default rules (WCAG A and AA, best practice). */
export async function expectAccessible(page: Page): Promise<void> {
  // Between light and dark, colours fade: half-way they are nobody's choice. What moves for ever is not waited for, nor what
  // stands still because nobody sees it, as in closed details.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => {
      const seen = !(effect instanceof KeyframeEffect) || (effect.target?.checkVisibility() ?? true);
      return seen && effect?.getComputedTiming().endTime !== Infinity;
    });
    await Promise.allSettled(ending.map((one) => one.finished));
  });
  const results = await new AxeBuilder({ page }).analyze();
  const found = results.violations.map((violation) => ({
    rule: violation.id,
    where: violation.nodes.map((node) => node.target.join(" ")).slice(0, 5),
    help: violation.help,
  }));
  expect(found).toEqual([]);
}

declare global {
  interface Window {
    shifted?: number;
  }
}

/** Runs in the page: sums up how far content jumps without the person having done anything (https://web.dev/cls). */
function countShifts(): void {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) window.shifted = (window.shifted ?? 0) + entry.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** The sum of a page's layout shifts since it began to load, once what is there is drawn. */
export async function shift(page: Page): Promise<number> {
  return page.evaluate(async () => {
    await document.fonts.ready;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    return window.shifted ?? Number.NaN;
  });
}

/** Walks with the Tab key until `target` has the keyboard. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const FAR = 60;
  for (let step = 0; step < FAR; step += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`${FAR} steps with Tab do not lead to ${target}`);
}

/** The box a message is written in; waits until the island is awake, so that keys do what they should. */
export function composer(page: Page) {
  return page.getByRole("textbox", { name: "Message" });
}

/** Waits until the islands of the page are awake, shown or not: a phone's list of conversations hides the composer. */
export async function awake(page: Page): Promise<void> {
  await page.locator("form.composer[data-awake]").waitFor({ state: "attached" });
}

/** The last answer of the conversation. */
export function lastAnswer(page: Page) {
  return page.locator(".message-answer").last();
}

/** Asks a model in a new conversation and stays on its page. */
export async function ask(page: Page, text: string, model: string): Promise<void> {
  await page.goto("/chat/new");
  await page.getByLabel("Model").selectOption(model);
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/\/chat\/[0-9a-f-]{36}/);
}

/** Waits until the demo's sample is deployed and was looked at: it is put on the stage beside the program's start. */
export async function deployed(page: Page): Promise<void> {
  await expect(async () => {
    await page.goto("/admin");
    await expect(page.getByText("Drifted", { exact: true }).first()).toBeVisible({ timeout: 500 });
    await expect(page.getByText("Applying", { exact: true })).toHaveCount(0, { timeout: 500 });
  }).toPass({ intervals: [250], timeout: 30_000 });
}
