/*
 * A check by HTTP. The request is written by hand on a connection of its own: the runtime's `fetch` obeys the proxy that
 * the supervisor's environment names, and cannot be told not to.
 */
import type { Socket } from "node:net";
import { type Attempt, type CheckResult, type Conclude, MOST_CHECK_OUTPUT, failed } from "./check-result.ts";
import { openConnection, wordsOf } from "./connection.ts";
import { type HttpAnswer, MOST_HEADERS, parseHttpAnswer } from "./http-answer.ts";

/** What is read of an answer at the most. */
const MOST_READ = MOST_HEADERS + 4 * MOST_CHECK_OUTPUT;

/** Good if it answers with a status from 200 to 399; redirections are not followed. `url` begins with "http:". */
export function attemptHttp(url: string, conclude: Conclude): Attempt {
  const { hostname, port, host, pathname, search } = new URL(url);
  const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: daemonsup\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) };
  let exchange: Exchange | null = null;
  const end = openConnection(place, {
    connected(socket) {
      exchange = new Exchange(socket, conclude);
      socket.write(request);
    },
    failed: (reason) => conclude(failed(reason)),
  });
  return {
    giveUp() {
      const known = exchange?.giveUp() ?? null;
      end();
      return known;
    },
  };
}

/** One answer that comes in over a connection. */
class Exchange {
  readonly #socket: Socket;
  readonly #conclude: Conclude;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #answer: HttpAnswer = { tag: "incomplete" };
  #failure = "closed the connection before it answered";
  #isOver = false;

  constructor(socket: Socket, conclude: Conclude) {
    this.#socket = socket;
    this.#conclude = conclude;
    socket.on("error", (error) => (this.#failure = wordsOf(error)));
    socket.on("data", (piece) => this.#take(Buffer.from(piece)));
    socket.once("close", () => this.#finish());
  }

  /** An answer whose body has not come to its end is an answer. */
  giveUp(): CheckResult | null {
    this.#isOver = true;
    return this.#answer.tag === "answered" ? resultOf(this.#answer, this.#failure) : null;
  }

  #take(piece: Uint8Array): void {
    if (this.#isOver) return;
    this.#pieces.push(piece);
    this.#size += piece.length;
    this.#answer = parseHttpAnswer(Buffer.concat(this.#pieces));
    const { tag } = this.#answer;
    if (tag === "no-http" || this.#size > MOST_READ) return this.#finish();
    if (this.#answer.tag === "answered" && (this.#answer.isWhole || this.#answer.body.length >= MOST_CHECK_OUTPUT))
      this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#conclude(resultOf(this.#answer, this.#failure));
  }
}

function resultOf(answer: HttpAnswer, failure: string): CheckResult {
  if (answer.tag === "incomplete") return failed(failure);
  if (answer.tag === "no-http") return failed("answered, but not by HTTP");
  const output = new TextDecoder().decode(answer.body.subarray(0, MOST_CHECK_OUTPUT));
  return { ok: answer.status < 400, detail: `answered ${answer.status}`, output };
}
