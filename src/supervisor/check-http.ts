/*
 * A check by HTTP. The request is written by hand on a connection of its own: the runtime's `fetch` obeys the proxy that
 * the supervisor's environment names, and cannot be told not to.
 */
import { type Millis, millis } from "../core/units.ts";
import { type Attempt, type CheckResult, type Conclude, MOST_CHECK_OUTPUT, failed } from "./check-result.ts";
import { Connection, type ConnectionPorts, wordsOf } from "./connection.ts";
import { type HttpAnswer, MOST_HEADERS, parseHttpAnswer } from "./http-answer.ts";

/** What is read of an answer at the most. */
const MOST_READ = MOST_HEADERS + 4 * MOST_CHECK_OUTPUT;

/**
 * What is read beyond that only for the sake of the server, and for how long. A connection that is closed with something unread
 * is reset, and many servers complain of that at each check.
 */
const MOST_DISCARDED = 1024 * 1024;
const DISCARD_FOR: Millis = millis(1_000);

// Shared by all, as it is used only within a call.
const buffer = new Uint8Array(MOST_READ);

/** Good if it answers with a status from 200 to 399; redirections are not followed. `url` begins with "http:". */
export function attemptHttp(url: string, ports: ConnectionPorts, conclude: Conclude): Attempt {
  return new Exchange(new URL(url), ports, conclude);
}

/** One request and its answer. */
class Exchange implements Attempt {
  readonly #ports: ConnectionPorts;
  readonly #conclude: Conclude;
  readonly #connection: Connection;
  #received: Uint8Array = new Uint8Array(0);
  #answer: HttpAnswer = { tag: "incomplete" };
  #isOver = false;
  /** How many bytes may still be read and discarded. */
  #mayDiscard = MOST_DISCARDED;
  #stopDiscarding: (() => void) | null = null;

  constructor(url: URL, ports: ConnectionPorts, conclude: Conclude) {
    this.#ports = ports;
    this.#conclude = conclude;
    const place = { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 80 : Number(url.port) };
    this.#connection = new Connection(place, ports, {
      connected: (fd) => this.#ask(fd, url),
      failed: (reason) => this.#end(failed(reason)),
    });
  }

  /** An answer whose body has not come to its end is an answer. */
  giveUp(): CheckResult | null {
    this.#isOver = true;
    this.#close();
    return this.#answer.tag === "answered" ? resultOf(this.#answer, "") : null;
  }

  #ask(fd: number, { pathname, search, host }: URL): void {
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${host}`,
      "User-Agent: daemonsup",
      "Accept: */*",
      "Connection: close",
    ];
    const failure = this.#ports.network.send(fd, new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    if (failure !== null) return this.#end(failed(wordsOf(failure)));
    this.#connection.onReadable(() => this.#receive(fd));
  }

  #receive(fd: number): void {
    const result = this.#ports.network.receive(fd, buffer);
    if (result.tag === "empty") return;
    if (this.#isOver) return this.#discard(result.tag === "read" ? result.count : null);
    if (result.tag === "ended") return this.#end(resultOf(this.#answer, "closed the connection before it answered"));
    if (result.tag === "failed") return this.#end(resultOf(this.#answer, wordsOf(result.errno)));
    this.#received = Buffer.concat([this.#received, buffer.subarray(0, result.count)]);
    this.#answer = parseHttpAnswer(this.#received);
    if (!isEnough(this.#answer) && this.#received.length <= MOST_READ) return;
    const isCut = this.#answer.tag === "answered" && !this.#answer.isWhole;
    if (isCut) this.#stopDiscarding = this.#ports.timers.after(DISCARD_FOR, () => this.#close());
    this.#end(resultOf(this.#answer, "answered, but not by HTTP"));
  }

  /** `count`: how many bytes were read; null: the server has ended the connection. */
  #discard(count: number | null): void {
    this.#mayDiscard -= count ?? 0;
    if (count === null || this.#mayDiscard < 0) this.#close();
  }

  #end(result: CheckResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#stopDiscarding === null) this.#close();
    this.#conclude(result);
  }

  #close(): void {
    this.#stopDiscarding?.();
    this.#connection.close();
  }
}

function isEnough(answer: HttpAnswer): boolean {
  if (answer.tag !== "answered") return answer.tag === "no-http";
  return answer.isWhole || answer.body.length >= MOST_CHECK_OUTPUT;
}

/** `otherwise`: why there is none, if it is incomplete. */
function resultOf(answer: HttpAnswer, otherwise: string): CheckResult {
  if (answer.tag === "incomplete") return failed(otherwise);
  if (answer.tag === "no-http") return failed("answered, but not by HTTP");
  const output = new TextDecoder().decode(answer.body.subarray(0, MOST_CHECK_OUTPUT));
  return { ok: answer.status < 400, detail: `answered ${answer.status}`, output };
}
