import type { ControlPort } from "./control-port.ts";
import { type TlsFiles, listenHttp } from "./http-listener.ts";
import { withInstance } from "./problem.ts";
import { type ControlServerOptions, type ServeResult, closeGently, createControlServer, shareOut } from "./server.ts";
import { codeOf } from "./socket-file.ts";
import { TcpGuard } from "./tcp-guard.ts";

export interface ServeTcpOptions extends Omit<ControlServerOptions, "mostWaiting" | "mostStreams"> {
  readonly host: string;
  /** 0: any that is free, for tests. */
  readonly port: number;
  readonly tls: TlsFiles | null;
  readonly token: string;
  readonly hosts: readonly string[];
  /** Most connections at the same time. */
  readonly capacity: number;
}

/** Listens on an address of TCP; who comes in there is asked for the token at each request. */
export function serveTcp(port: ControlPort, options: ServeTcpOptions): ServeResult & { readonly port?: number } {
  const { host, tls, capacity, token, hosts } = options;
  const server = createControlServer(port, { ...options, ...shareOut(capacity) });
  const guard = new TcpGuard({ token, hosts, now: () => performance.now() });

  async function answer(request: Request, from: string): Promise<Response> {
    const judged = guard.judge(request, from);
    if (judged.tag === "refused") return withInstance(judged.response, new URL(request.url).pathname);
    const response = await server.fetch(request);
    if (judged.tag === "admitted") return response;
    return new Response(response.ok ? "ok\n" : "not ready\n", { status: response.status });
  }

  const where = host.includes(":") ? `[${host}]:${options.port}` : `${host}:${options.port}`;
  try {
    const listener = listenHttp({ tag: "tcp", hostname: host, port: options.port, tls }, { capacity, answer });
    const isAnswering = (): boolean => listener.busyCount() > 0;
    const close = (): Promise<void> => closeGently(server, listener);
    return { tag: "serving", isAnswering, close, port: listener.port ?? options.port };
  } catch (error) {
    return { tag: "failed", message: `cannot listen on "${where}": ${codeOf(error)}` };
  }
}
