/*
 * Who may come in from the network: whoever says the token, by an address or a name that is meant for this. The host that a
 * client calls is looked at because a page in a browser may have its own name point here (DNS rebinding), and pages are not
 * served at all: no answer lets them read it, and what comes from one is refused.
 */
import { problemResponse } from "./problem.ts";

export interface GuardOptions {
  readonly token: string;
  /** Names by which clients may call, beside addresses and localhost. */
  readonly hosts: readonly string[];
  /** Milliseconds; only differences count. */
  now(): number;
}

/** A wrong token may be said so often from one place within a minute. */
export const MOST_FAILURES = 10;
const FAILURES_WITHIN_MS = 60_000;
/** Of so many places it is remembered; then the oldest is forgotten. */
const MOST_PLACES = 4096;

/** Paths that anybody may ask, without hearing more than the status. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

export type Judgement =
  | { readonly tag: "admitted" }
  /** The status may be told, and nothing else. */
  | { readonly tag: "status-only" }
  | { readonly tag: "refused"; readonly response: Response };

interface Failures {
  since: number;
  count: number;
}

export class TcpGuard {
  readonly #digest: Uint8Array;
  readonly #options: GuardOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #failures = new Map<string, Failures>();

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#digest = digestOf(options.token);
    this.#hosts = new Set(["localhost", ...options.hosts.map((host) => host.toLowerCase())]);
  }

  /** `from`: the address of the client. */
  judge(request: Request, from: string): Judgement {
    const host = request.headers.get("host");
    if (host !== null && !this.#isOurs(host))
      return refuse(problemResponse("wrong-host", "cannot answer for this host"));
    if (request.headers.has("origin"))
      return refuse(problemResponse("from-a-page", "cannot answer: this is not for pages in a browser"));
    const given = request.headers.get("authorization");
    if (given === null && OPEN_PATHS.has(new URL(request.url).pathname)) return { tag: "status-only" };
    const place = placeOf(from);
    const wait = this.#waitFor(place);
    if (wait > 0) {
      const headers = { "retry-after": String(Math.ceil(wait / 1000)) };
      return refuse(
        problemResponse("too-many-failures", "cannot answer: too many wrong tokens came from there", { headers }),
      );
    }
    const token = /^Bearer +([\x21-\x7e]+)$/i.exec(given ?? "")?.[1] ?? "";
    if (isSame(digestOf(token), this.#digest)) {
      this.#failures.delete(place);
      return { tag: "admitted" };
    }
    if (given !== null) this.#noteFailure(place);
    const headers = { "www-authenticate": "Bearer" };
    const reason = given === null ? "it says no token" : "its token is wrong";
    return refuse(problemResponse("no-token", `cannot answer the request: ${reason}`, { headers }));
  }

  #isOurs(host: string): boolean {
    const name = host.replace(/:[0-9]*$/, "").toLowerCase();
    return /^\[[0-9a-f:.]+\]$/.test(name) || /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(name) || this.#hosts.has(name);
  }

  /** How long nobody from there is listened to, in milliseconds; 0: not at all. */
  #waitFor(place: string): number {
    const failures = this.#failures.get(place);
    if (failures === undefined || failures.count < MOST_FAILURES) return 0;
    return Math.max(0, failures.since + FAILURES_WITHIN_MS - this.#options.now());
  }

  #noteFailure(place: string): void {
    const now = this.#options.now();
    const known = this.#failures.get(place);
    if (known !== undefined && now - known.since < FAILURES_WITHIN_MS) {
      known.count++;
      return;
    }
    this.#failures.delete(place);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MOST_PLACES && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(place, { since: now, count: 1 });
  }
}

function digestOf(text: string): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher("sha256").update(text).digest());
}

/** Takes as long wherever the first difference is; and both are digests, of which nobody can choose a part. */
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}

/** An address of IPv4, or the /64 of one of IPv6: whoever has one of these has all of it. */
function placeOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: Math.max(0, missing) }, () => "0"), ...last].slice(0, 4).join(":");
}

function refuse(response: Response): Judgement {
  return { tag: "refused", response };
}
