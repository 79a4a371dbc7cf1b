import { expect, test } from "bun:test";
import type { LogPlace } from "../../src/core/log-place.ts";
import type { PlaneLine } from "../../src/log/plane-messages.ts";
import { LogReader, type LogReaderPorts, type LogsWanted, type ReadMark } from "../../src/reading/log-reader.ts";
import type { ToReader } from "../../src/reading/read-messages.ts";
import type { ReaderListener } from "../../src/reading/reader-thread.ts";

const LIFE = { end: new AbortController().signal, over: () => undefined };

/** One service, "web", whose threads and lines the test makes up. */
class LiteralPlane {
  readonly threads: { readonly listener: ReaderListener; readonly heard: ToReader[]; isEnded: boolean }[] = [];
  readonly followers = new Set<(line: PlaneLine) => void>();
  readonly marks: ((mark: ReadMark) => void)[] = [];
  readonly reader = new LogReader(this.#ports());
  readonly #places: readonly LogPlace[];

  constructor(places: readonly LogPlace[] = []) {
    this.#places = places;
  }

  write(text: string): void {
    for (const listen of this.followers) listen({ at: 0, stream: "stdout", pid: 1, text });
  }

  #ports(): LogReaderPorts {
    return {
      placesOf: () => ({ places: this.#places, isComplete: false }),
      mark: (_name, listen) => void this.marks.push(listen),
      follow: (_name, listen) => void this.followers.add(listen),
      unfollow: (_name, listen) => void this.followers.delete(listen),
      onService: () => () => undefined,
      processorTimeOf: () => null,
      every: () => () => undefined,
      startThread: (listener) => {
        const thread = { listener, heard: [] as ToReader[], isEnded: false };
        this.threads.push(thread);
        return {
          post: (message) => void thread.heard.push(message),
          end: () => {
            thread.isEnded = true;
          },
        };
      },
    };
  }
}

function wanted(changes: Partial<LogsWanted> = {}): LogsWanted {
  const wishes = { grep: null, priority: null, stream: null };
  const window = { since: null, until: null };
  const rest = { wishes, window, count: null, runs: null, isFollowed: false, isResumed: false, notes: [] };
  return { names: ["web"], isWanted: () => true, ...rest, ...changes };
}

/** Reads piece by piece, as the reader of an answer does. */
class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array> | null) {
    if (body === null) throw new Error("there is no answer");
    this.#pieces = body[Symbol.asyncIterator]();
  }

  /** null: the answer has ended. */
  async next(): Promise<string | null> {
    const next = await this.#pieces.next();
    return next.done === true ? null : Buffer.from(next.value).toString();
  }

  async leave(): Promise<void> {
    await this.#pieces.return?.();
  }
}

const chunk = (text: string) => ({ tag: "chunk", bytes: new TextEncoder().encode(text) }) as const;

test("so many are answered at a time, and whoever leaves makes room once the thread is gone", async () => {
  const plane = new LiteralPlane();
  const bodies = Array.from({ length: 16 }, () => plane.reader.read(wanted(), LIFE));
  expect(bodies.every((body) => body !== null)).toBe(true);
  for (const mark of plane.marks) mark({ files: [], lines: [] });
  expect(plane.threads.length).toBe(16);
  expect(plane.reader.read(wanted(), LIFE)).toBe(null);
  await bodies[3]?.cancel();
  expect(plane.threads[3]?.isEnded).toBe(true);
  // Its thread may hang on a disk that does not answer.
  expect(plane.reader.read(wanted(), LIFE)).toBe(null);
  plane.threads[3]?.listener.ended();
  expect(plane.reader.read(wanted(), LIFE)).not.toBe(null);
});

test("a thread is asked for more as its chunks are taken, and no sooner", async () => {
  const plane = new LiteralPlane();
  const reader = new PieceReader(plane.reader.read(wanted(), LIFE));
  plane.marks[0]?.({ files: [], lines: [] });
  const [thread] = plane.threads;
  if (thread === undefined) throw new Error("there is no thread");
  thread.listener.said(chunk("a\n"));
  thread.listener.said(chunk("b\n"));
  const asked = (): number => thread.heard.filter(({ tag }) => tag === "more").length;
  expect([await reader.next(), await reader.next()]).toEqual(["\n", '{"services":["web"]}\n']);
  expect(asked()).toBeLessThan(2);
  expect(await reader.next()).toBe("a\n");
  expect(await reader.next()).toBe("b\n");
  expect(asked()).toBe(2);
  thread.listener.said({ tag: "past-read" });
  expect(await reader.next()).toBe(null);
  expect(thread.isEnded).toBe(true);
});

test("what is written while the past is read follows it, what was written before the mark does not", async () => {
  const plane = new LiteralPlane();
  const reader = new PieceReader(plane.reader.read(wanted({ isFollowed: true }), LIFE));
  plane.write("in the file");
  plane.marks[0]?.({ files: [], lines: [] });
  plane.write("meanwhile");
  plane.threads[0]?.listener.said(chunk("the past\n"));
  plane.threads[0]?.listener.said({ tag: "past-read" });
  plane.write("later");
  expect([await reader.next(), await reader.next(), await reader.next()]).toEqual([
    "\n",
    '{"services":["web"]}\n',
    "the past\n",
  ]);
  const followed = await reader.next();
  expect(followed?.match(/"text":"[^"]*"/g)).toEqual(['"text":"meanwhile"', '"text":"later"']);
  await reader.leave();
  expect(plane.followers.size).toBe(0);
});

test("when what was told before is asked for again, a file without times is left out, which is said", async () => {
  const place = { format: "plain", stream: null } as const;
  const timed = { ...place, path: "/log/timed", stamp: "iso" } as const;
  const untimed = { ...place, path: "/log/untimed", stamp: "none" } as const;
  for (const isResumed of [false, true]) {
    const plane = new LiteralPlane([timed, untimed]);
    const reader = new PieceReader(plane.reader.read(wanted({ isResumed }), LIFE));
    plane.marks[0]?.({ files: [], lines: [] });
    const [request] = plane.threads[0]?.heard ?? [];
    const places = request !== undefined && "request" in request ? request.request.services[0]?.places : [];
    expect(places).toEqual(isResumed ? [timed] : [timed, untimed]);
    await reader.next();
    await reader.next();
    if (isResumed) expect(await reader.next()).toContain("web: its file does not tell times");
    await reader.leave();
  }
});

test("a follower that lags misses lines, and is told how many as soon as there is room, though no line follows", async () => {
  const plane = new LiteralPlane();
  const reader = new PieceReader(plane.reader.read(wanted({ isFollowed: true }), LIFE));
  plane.marks[0]?.({ files: [], lines: [] });
  plane.threads[0]?.listener.said({ tag: "past-read" });
  const text = "x".repeat(100_000);
  for (let count = 0; count < 100; count++) {
    plane.write(text);
    await Promise.resolve();
  }
  let said = "";
  while (!said.includes("missing here")) said += await reader.next();
  const seen = said.split(text).length - 1;
  expect(seen).toBeLessThan(30);
  expect(said).toContain(`[${100 - seen} lines are missing here`);
  await reader.leave();
});

test("a thread that dies ends the answer with the reason", async () => {
  const plane = new LiteralPlane();
  const reader = new PieceReader(plane.reader.read(wanted(), LIFE));
  plane.marks[0]?.({ files: [], lines: [] });
  plane.threads[0]?.listener.ended();
  let said = "";
  for (let piece = await reader.next(); piece !== null; piece = await reader.next()) said += piece;
  expect(said).toContain('{"note":"cannot read further: the thread that reads has died","exit":1}');
});
