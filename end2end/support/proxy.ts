import { type AddressInfo, type Server as Listener, type Socket, connect, createServer } from "node:net";

/** A line to a server that can be cut and mended, as a train in a tunnel or a router that restarts would. */
export class Proxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly listener: Listener,
    private readonly target: number,
    /** Where the line begins. */
    readonly url: string,
    private readonly port: number,
  ) {}

  /** Opens a line to the server at `target`. */
  static async to(target: string): Promise<Proxy> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const { port } = listener.address() as AddressInfo;
    const proxy = new Proxy(listener, Number(new URL(target).port), `http://localhost:${port}`, port);
    listener.on("connection", (near) => proxy.carry(near));
    return proxy;
  }

  /** Breaks every connection in the middle and takes no new one. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Takes connections again, on the same port. */
  async mend(): Promise<void> {
    await new Promise<void>((resolve) => this.listener.listen(this.port, "127.0.0.1", resolve));
  }

  private carry(near: Socket): void {
    const far = connect(this.target, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      this.sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
