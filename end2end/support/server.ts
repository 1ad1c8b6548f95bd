import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const binary = process.env.THINKHEADS_BIN ?? path.join(root, "target/debug/thinkheads");
const bench = process.env.THINKHEADS_BENCH ?? path.join(root, "target/debug/bench");
const site = process.env.THINKHEADS_SITE_DIR ?? path.join(root, "site");

export interface ServerOptions {
  /** Run with the labelled stand-ins, as `cargo xtask run` does without an upstream. */
  demo?: boolean;
  /** The host of the public URL, `localhost` if none. Its subdomains are the site's. */
  host?: string;
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
        THINKHEADS_PUBLIC_URL: `http://${options.host ?? "localhost"}:${port}`,
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

  /** Ends the process at once, as a power cut would, and starts it again on the same port and data, if need be otherwise. */
  async killAndRestart(options: ServerOptions = this.options): Promise<Server> {
    await this.kill();
    return Server.start(options, this.dataDir, Number(new URL(this.url).port));
  }

  /**
   * Empties the database under the running server, as a broken disk would. The head of its index in shared memory is wiped
   * too, so that no connection goes on with what it remembers (https://www.sqlite.org/walformat.html, section 2.1).
   */
  async breakDatabase(): Promise<void> {
    const WAL_INDEX_HEAD = 136;
    const database = path.join(this.dataDir, "thinkheads.db");
    for (const file of [database, `${database}-wal`]) await truncate(file, 0);
    const index = await open(`${database}-shm`, "r+");
    await index.write(Buffer.alloc(WAL_INDEX_HEAD), 0, WAL_INDEX_HEAD, 0);
    await index.close();
  }

  /** Changes a text of the demo's catalog by hand, as with an editor on the machine itself. */
  async editCatalog(file: string, change: (text: string) => string): Promise<void> {
    const target = path.join(this.dataDir, "demo-catalog", file);
    await writeFile(target, change(await readFile(target, "utf8")));
  }

  /** How often the server has written the text of running answers to its database since it started. */
  async flushes(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/^thinkheads_flushes_total (\d+)/m.exec(metrics)?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }
}

/** A server on a database with a person and one conversation in it, written there before the start. */
export async function withLongConversation(messages: number): Promise<{ server: Server; cookie: string; conversation: string }> {
  const data = await mkdtemp(path.join(tmpdir(), "thinkheads-e2e-"));
  const { stdout } = await promisify(execFile)(bench, ["seed", data, String(messages)]);
  const [cookie = "", conversation = ""] = stdout.trim().split("\n");
  return { server: await Server.start({}, data), cookie, conversation };
}

/** A stand-in for Portainer with one host, `host-0`, and one stack on it; it shows a certificate it made itself. */
export class Portainer {
  /** Its administrator. */
  static readonly user = "admin";
  static readonly password = "correct horse battery";

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<Portainer> {
    const child = spawn(bench, ["portainer", "1", "1", "0", "0", "", "--tls"], { stdio: ["ignore", "pipe", "inherit"] });
    if (!child.stdout) throw new Error("no standard output");
    for await (const line of createInterface({ input: child.stdout })) return new Portainer(child, line.trim());
    throw new Error("the stand-in for Portainer did not come up");
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
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

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
