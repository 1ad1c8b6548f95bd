import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { type Page, expect } from "@playwright/test";

import { Repository } from "./git.js";
import { type Generation, Portainer } from "./portainer.js";
import type { House, Stage } from "./test.js";

const STACKS = "phoenix_stacks_config.json";
const GUESTS = "phoenix_vm_configs.json";

/** A compose file with one service that has a health check. */
export function compose(image: string): string {
  return `services:
  main:
    image: ${image}
    environment: ["GREETING=\${GREETING:-}"]
    healthcheck: {test: [CMD, "true"]}
`;
}

/** Where an owner deploys: the real program, a stand-in for Portainer of its own, real repositories of catalog and stacks. */
export class Yard {
  private constructor(
    readonly house: House,
    readonly portainer: Portainer,
    /** The catalog, as somebody has it in an editor. */
    readonly catalog: Repository,
    private readonly sources: string,
  ) {}

  /**
   * Starts everything, with a catalog that names `stacks` on each of `environments`; without stacks there is no catalog at all.
   * Each stack comes from a repository of its own, with nginx 1.27 in it.
   */
  static async open(stage: Stage, generation: Generation, environments: string[], stacks: string[] = []): Promise<Yard> {
    const folder = await mkdtemp(path.join(tmpdir(), "thinkheads-yard-"));
    stage.after(() => rm(folder, { recursive: true, force: true }));
    const portainer = await Portainer.start(generation);
    stage.after(() => portainer.stop());
    await portainer.addEnvironments(environments);
    const catalog = new Repository(path.join(folder, "catalog"));
    if (stacks.length > 0) await Repository.create(catalog.folder);
    const house = await stage.house({
      env: {
        PHOENIX_CONFIG_DIR: catalog.folder,
        PORTAINER_URL: portainer.url,
        PORTAINER_API_KEY: portainer.key,
        THINKHEADS_APPLY_POLL_MS: "100",
        THINKHEADS_DRIFT_EVERY_S: "0",
        THINKHEADS_GIT_FOLDERS: "true",
        THINKHEADS_LOCK_TTL_S: "2",
      },
    });
    const yard = new Yard(house, portainer, catalog, path.join(folder, "sources"));
    for (const stack of stacks) await yard.source(stack);
    if (stacks.length > 0) await yard.want(environments, stacks);
    return yard;
  }

  /** A stack's repository, made with its first commit if there is none. */
  async source(stack: string, image = "nginx:1.27"): Promise<Repository> {
    const repository = await Repository.create(path.join(this.sources, stack));
    await repository.commit({ "docker-compose.yml": compose(image) }, `${stack} with ${image}`);
    return repository;
  }

  /** The repository of a stack that has one. */
  sourceOf(stack: string): Repository {
    return new Repository(path.join(this.sources, stack));
  }

  /** Commits a catalog that wants these stacks on each of these environments. */
  async want(environments: string[], stacks: string[]): Promise<string> {
    const docker_stacks = stacks.map((name) => ({
      name,
      git_repo: this.sourceOf(name).address,
      env: [{ name: "GREETING", value: "Welcome" }],
      health: { timeout_s: 20, stable_s: 0 },
    }));
    const vms = environments.map((name) => ({ name, kind: "hosted", portainer_environment_name: name, docker_stacks: stacks }));
    return this.catalog.commit(
      { [STACKS]: JSON.stringify({ docker_stacks }, null, 2), [GUESTS]: JSON.stringify({ vms }, null, 2) },
      `Run ${stacks.join(" and ")} on ${environments.join(" and ")}`,
    );
  }

  /** Commits another greeting to the catalog. */
  async greet(words: string): Promise<string> {
    return this.catalog.edit(STACKS, (text) => text.replace(/("GREETING",\s*"value": )"[^"]*"/g, `$1"${words}"`), `Say ${words}`);
  }
}

/** Asks for a fresh look and waits for it. */
export async function look(page: Page): Promise<void> {
  await page.goto("/admin");
  await page.getByRole("button", { name: /^Look (again|now)$/ }).click();
  await expect(page.getByText("Looked again")).toBeVisible();
}

/** Carries out what the plan at `address` says, to a good end. */
export async function apply(page: Page, address: string, button: string | RegExp): Promise<void> {
  await page.goto(address);
  await page.getByRole("button", { name: button }).click();
  await expect(page).toHaveURL(/\/admin\/applies\//);
  await expect(page.getByText("It is done")).toBeVisible({ timeout: 20_000 });
}

/** The page of a stack's plan on an environment. */
export const planOf = (environment: string, stack: string) => `/admin/plan?env=${environment}&stack=${stack}`;

/** The page of a stack on an environment. */
export const stackPage = (environment: string, stack: string) => `/admin/stacks/${environment}/${stack}`;
