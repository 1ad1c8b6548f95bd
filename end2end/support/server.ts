import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const binary = process.env.THINKHEADS_BIN ?? path.join(root, "target/debug/thinkheads");
const site = process.env.THINKHEADS_SITE_DIR ?? path.join(root, "site");

export interface ServerOptions {
  /** Run with the labelled stand-ins, as `cargo xtask run` does without an upstream. */
  demo?: boolean;
  /** More settings, by their names in docs/CONFIG.md. */
  env?: Record<string, string>;
}

/** The real program on a free port with a data folder of its own. */
export class Server {
  private constructor(
    private child: ChildProcess,
    readonly url: string,
    readonly setupLink: string,
    private readonly dataDir: string,
    private readonly options: ServerOptions,
    private readonly log: string[],
  ) {}

  static async start(options: ServerOptions = {}, dataDir?: string, usePort?: number): Promise<Server> {
    const port = usePort ?? (await freePort());
    const data = dataDir ?? (await mkdtemp(path.join(tmpdir(), "thinkheads-e2e-")));
    const child = spawn(binary, ["serve", ...(options.demo ? ["--demo"] : [])], {
      cwd: data,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH ?? "",
        THINKHEADS_ADDR: `127.0.0.1:${port}`,
        THINKHEADS_PUBLIC_URL: `http://localhost:${port}`,
        THINKHEADS_DATA_DIR: data,
        THINKHEADS_SITE_DIR: site,
        THINKHEADS_LOG: "warn",
        ...options.env,
      },
    });
    const log: string[] = [];
    child.stderr?.on("data", (chunk: Buffer) => log.push(chunk.toString()));
    const { url, setupLink } = await announced(child, log);
    return new Server(child, url, setupLink, data, options, log);
  }

  /** What the server wrote to its log. */
  logText(): string {
    return this.log.join("");
  }

  /** Ends the process at once, as a power cut would, and starts it again on the same port and data. */
  async killAndRestart(): Promise<Server> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
    return Server.start(this.options, this.dataDir, Number(new URL(this.url).port));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGKILL");
      await ended;
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Waits until the program has said where it listens and, at first start, its one-time link. */
async function announced(child: ChildProcess, log: string[]): Promise<{ url: string; setupLink: string }> {
  const stdout = child.stdout;
  if (!stdout) throw new Error("no standard output");
  let url = "";
  let setupLink = "";
  const lines = createInterface({ input: stdout });
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  for await (const line of lines) {
    const found = /https?:\/\/\S+/.exec(line)?.[0];
    if (found?.includes("/join/")) setupLink = found;
    else if (found) url = found.replace(/\/$/, "");
    if (/ready/i.test(line)) break;
  }
  clearTimeout(timer);
  stdout.resume();
  if (!url) throw new Error(`the server did not come up:\n${log.join("")}`);
  return { url, setupLink };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
