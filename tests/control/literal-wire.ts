import { HttpConnection } from "../../src/control/http-connection.ts";

/** A connection without a socket: what is written to it is kept, time passes when it is told to. */
export interface LiteralConnection {
  readonly connection: HttpConnection;
  /** All that was written, one character a byte. */
  written(): string;
  readonly ends: ("shutdown" | "terminated")[];
  /** What was asked: "POST /path body". */
  readonly asked: string[];
  send(text: string): void;
  /** Lets time pass; what is due then is done. */
  pass(ms: number): void;
  /** How many bytes the socket takes from now on. */
  take(bytes: number): void;
  /** Done once everything that can happen now has happened. */
  settled(): Promise<void>;
}

export function literalConnection(
  answer: (request: Request) => Response | Promise<Response> = () => new Response("ok"),
): LiteralConnection {
  let written = "";
  let now = 0;
  let room = Number.POSITIVE_INFINITY;
  const ends: ("shutdown" | "terminated")[] = [];
  const asked: string[] = [];
  const connection = new HttpConnection({
    wire: {
      write(bytes) {
        const taken = Math.min(room, bytes.length);
        room -= taken;
        written += Buffer.from(bytes.subarray(0, taken)).toString("latin1");
        return taken;
      },
      shutdown: () => void ends.push("shutdown"),
      terminate: () => void ends.push("terminated"),
    },
    async answer(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(`${request.method} ${pathname}${search} ${await request.clone().text()}`.trim());
      return await answer(request);
    },
    now: () => now,
    deadlineChanged: () => {},
  });
  return {
    connection,
    written: () => written,
    ends,
    asked,
    send: (text) => connection.receive(Buffer.from(text, "latin1")),
    pass(ms) {
      now += ms;
      if (connection.deadline <= now) connection.expire();
    },
    take(bytes) {
      room = bytes;
      if (bytes > 0) connection.writable();
    },
    settled: () => Bun.sleep(0),
  };
}
