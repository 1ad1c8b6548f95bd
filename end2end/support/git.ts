import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Somebody who commits at a terminal. */
const AUTHOR = {
  GIT_AUTHOR_NAME: "Edith",
  GIT_AUTHOR_EMAIL: "edith@example.org",
  GIT_COMMITTER_NAME: "Edith",
  GIT_COMMITTER_EMAIL: "edith@example.org",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};

/** A git repository with a working tree, as somebody has it on the machine. */
export class Repository {
  constructor(readonly folder: string) {}

  /** Makes an empty one. */
  static async create(folder: string): Promise<Repository> {
    const repository = new Repository(folder);
    await mkdir(folder, { recursive: true });
    await repository.git("init", "--quiet", "--initial-branch=main");
    return repository;
  }

  /** Its address for a stack. */
  get address(): string {
    return `file://${this.folder}`;
  }

  /** Writes files and commits them; returns the commit. */
  async commit(files: Record<string, string>, message: string): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    await this.git("add", "--all");
    await this.git("commit", "--quiet", `--message=${message}`);
    return this.git("rev-parse", "HEAD");
  }

  /** Changes a file and commits it; returns the commit. */
  async edit(name: string, change: (text: string) => string, message: string): Promise<string> {
    const text = change(await readFile(path.join(this.folder, name), "utf8"));
    return this.commit({ [name]: text }, message);
  }

  /** Who committed last, and what for. */
  last(): Promise<string> {
    return this.git("log", "-1", "--format=%an: %s");
  }

  private async git(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH ?? "", ...AUTHOR };
    const { stdout } = await run("git", ["-C", this.folder, ...args], { env });
    return stdout.trim();
  }
}
