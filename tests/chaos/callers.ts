/* Those who connect to services by sockets that daemonsup has opened for them. */

/** So long somebody waits for an answer: where the service was stopped, nobody takes the connection. */
const PATIENCE_MS = 2_000;
const REFUSALS = ["ENOENT", "ECONNREFUSED"];

export interface Call {
  /** true: nobody listens, or there is no such file. */
  readonly isRefused: boolean;
  /** What there is to tell of it. */
  readonly text: string;
}

/** Connects to a socket by the path of its file, and waits for the answer of a service. */
export async function call(path: string): Promise<Call> {
  try {
    const response = await fetch("http://service/", {
      unix: path,
      keepalive: false,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { isRefused: false, text: (await response.text()).trim() };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return { isRefused: REFUSALS.includes(String(code)), text: String(error) };
  }
}
