import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { type Interface, createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const binary = process.env.THINKHEADS_FAKE_PORTAINER ?? path.join(root, "target/debug/examples/fake-portainer");

/** Which Portainer it is like: 2.23, or what later releases do differently. */
export type Generation = "2.23" | "newer";

/** Both, for tests that hold in either. */
export const GENERATIONS: Generation[] = ["2.23", "newer"];

/** What is done to the stand-in: see `crates/upstream/src/portainer/fake/order.rs`. */
type Order =
  | { do: "add_environment"; name: string }
  | { do: "add_stack"; environment: string; name: string; text: string }
  | { do: "behave"; host: string; service: string; how: "healthy" | "unhealthy" | "crashes" }
  | { do: "remove_by_hand"; host: string; service: string }
  | { do: "hold_deploys" }
  | { do: "release_deploys" }
  | { do: "await_deploy" }
  | { do: "fail"; route: string; status: number; times: number }
  | { do: "containers"; host: string }
  | { do: "variable"; host: string; container: string; name: string }
  | { do: "count_deploys" };

/** A stand-in for Portainer in a process of its own: it lives on when the server is killed. */
export class Portainer {
  /** Orders are answered one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly url: string,
    readonly key: string,
  ) {}

  /** Starts one on a free port, without environments. */
  static async start(generation: Generation): Promise<Portainer> {
    const child = spawn(binary, ["0", generation, "--orders"], { stdio: ["pipe", "pipe", "inherit"] });
    const reader: Interface = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error(`${binary} did not start; \`cargo xtask build\` makes it`);
    const { url, key } = JSON.parse(first.value) as { url: string; key: string };
    return new Portainer(child, lines, url, key);
  }

  /** Adds Docker hosts, registered already. */
  async addEnvironments(names: string[]): Promise<void> {
    for (const name of names) await this.order({ do: "add_environment", name });
  }

  /** The names of a host's containers. */
  async containers(host: string): Promise<string[]> {
    return (await this.order({ do: "containers", host })) as string[];
  }

  /** What a container was given in its environment. */
  async variable(host: string, container: string, name: string): Promise<string | null> {
    return (await this.order({ do: "variable", host, container, name })) as string | null;
  }

  /** How many deployments have ended. */
  async deploys(): Promise<number> {
    return (await this.order({ do: "count_deploys" })) as number;
  }

  /** Does something to it and waits until it is done. */
  order(order: Order): Promise<unknown> {
    const answer = this.turn.then(async () => {
      this.child.stdin?.write(`${JSON.stringify(order)}\n`);
      const line = await this.lines.next();
      if (line.done) throw new Error("the stand-in for Portainer ended");
      const said = JSON.parse(line.value) as { ok?: unknown; error?: string };
      if (said.error !== undefined) throw new Error(said.error);
      return said.ok;
    });
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  /** Ends it: with its input it ends by itself. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    // What is held back would keep nobody; a wait in the middle of an order would.
    this.child.kill("SIGKILL");
    await ended;
  }
}
