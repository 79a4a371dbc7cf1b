import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { MAX_ARRIVAL_MS, MAX_IDLE_MS } from "../../src/control/http-connection.ts";
import { streamLines } from "../../src/control/line-stream.ts";
import { literalConnection } from "./literal-wire.ts";

const GET = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
const POST = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED =
  "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: z\r\n\r\n";

function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, status]) => Number(status));
}

test("requests are understood wherever the bytes are parted, and answered in their order", async () => {
  const all = `${GET}\r\n${POST}${CHUNKED}${GET}`;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(all.length), { maxLength: 30 }), async (cuts) => {
      const life = literalConnection((request) => new Response(request.method));
      const edges = [0, ...cuts.toSorted((left, right) => left - right), all.length];
      for (const [index, edge] of edges.entries()) {
        life.send(all.slice(edge, edges[index + 1] ?? edge));
        if (index % 3 === 0) await life.settled();
      }
      while (life.asked.length < 4 && life.ends.length === 0) await life.settled();
      await life.settled();
      expect(life.asked).toEqual(["GET /a?b=c", "POST /p hello", "POST /c hello", "GET /a?b=c"]);
      expect(statusesIn(life.written())).toEqual([200, 200, 200, 200]);
      expect(life.ends).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("whatever is sent, it is answered properly or waited for, and the connection ends in time", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      GET,
      POST,
      CHUNKED,
      "\r\n",
      "\r\n\r\n",
      "GET ",
      " HTTP/1.1",
      "Host: x",
      "Content-Length: 3",
      ":",
      "0",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const life = literalConnection();
      for (const each of pieces) life.send(each);
      await life.settled();
      await life.settled();
      life.pass(MAX_ARRIVAL_MS + MAX_IDLE_MS);
      await life.settled();
      life.pass(MAX_IDLE_MS);
      expect(life.ends.at(-1)).toBe("terminated");
      const text = life.written();
      expect(text === "" || text.startsWith("HTTP/1.1 ")).toBe(true);
      for (const status of statusesIn(text)) expect([200, 100, 400, 408, 413, 431, 501, 505]).toContain(status);
    }),
    { numRuns: 300 },
  );
});

const doubtful: readonly (readonly [string, string, number])[] = [
  [
    "a length and chunks",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400],
  ["a length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n", 400],
  ["chunks of an unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501],
  ["a blank before a colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400],
  ["a folded header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400],
  ["a bare line feed", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400],
  ["a control character", "GET / HTTP/1.1\r\nHost: x\r\nA: \u0000\r\n\r\n", 400],
  ["two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400],
  ["an address that is no path", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["too many headers", `GET / HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(64)}\r\n`, 431],
  ["a chunk that is longer than it says", `${CHUNKED.split("\r\n\r\n")[0]}\r\n\r\n1\r\nhello\r\n`, 400],
  ["an extension without end", `${CHUNKED.split("\r\n\r\n")[0]}\r\n\r\n1;${"x".repeat(300)}`, 400],
  ["trailers without end", `${CHUNKED.split("\r\n\r\n")[0]}\r\n\r\n0\r\n${"A: b\r\n".repeat(1000)}`, 400],
];

test.each(doubtful)("%s is refused, and nothing after it is read", async (...[, bytes, status]) => {
  const life = literalConnection();
  life.send(bytes);
  life.send(GET);
  await life.settled();
  expect(statusesIn(life.written())).toEqual([status]);
  expect(life.written()).toContain("application/problem+json");
  expect(life.asked).toEqual([]);
  expect(life.ends).toEqual(["shutdown"]);
  life.pass(2_000);
  expect(life.ends).toEqual(["shutdown", "terminated"]);
});

test("a connection that says nothing is ended without a word, one in the middle of a request is told", async () => {
  const silent = literalConnection();
  const half = literalConnection();
  const slowBody = literalConnection();
  half.send("GET / HT");
  slowBody.send(POST.slice(0, -2));
  for (const life of [silent, half, slowBody]) {
    life.pass(MAX_ARRIVAL_MS - 1);
    expect(life.ends).toEqual([]);
    life.pass(1);
    await life.settled();
  }
  expect([silent.written(), silent.ends]).toEqual(["", ["terminated"]]);
  for (const life of [half, slowBody]) expect([statusesIn(life.written()), life.ends]).toEqual([[408], ["shutdown"]]);
});

test("to send one byte now and then does not make a request last longer", async () => {
  const life = literalConnection();
  life.send("GET / HTTP/1.1\r\n");
  for (let seconds = 0; seconds < MAX_ARRIVAL_MS / 1_000; seconds++) {
    life.pass(1_000);
    life.send("X");
  }
  await life.settled();
  expect(statusesIn(life.written())).toEqual([408]);
});

test("who waits for an answer is not hurried, and hears of it if the other end goes", async () => {
  const decided = Promise.withResolvers<Response>();
  let signal: AbortSignal | null = null;
  const life = literalConnection((request) => {
    signal = request.signal;
    return decided.promise;
  });
  life.send(POST);
  await life.settled();
  life.pass(86_400_000);
  expect([life.ends, life.connection.isIdle, signal!.aborted]).toEqual([[], false, false]);
  life.connection.close();
  expect(signal!.aborted).toBe(true);
  decided.resolve(new Response("late"));
  await life.settled();
  expect(life.written()).toBe("");
});

test("who has said everything, and says so, still gets the answer", async () => {
  const decided = Promise.withResolvers<Response>();
  const life = literalConnection(() => decided.promise);
  life.send(GET);
  life.connection.ended();
  await life.settled();
  decided.resolve(new Response("at last"));
  await life.settled();
  expect(life.written()).toEndWith("at last");
  expect(life.ends).toEqual(["terminated"]);
});

test("a reader that takes nothing of its answer is not waited for long", async () => {
  const life = literalConnection(() => new Response("x".repeat(1_000_000)));
  life.take(1_000);
  life.send(GET);
  await life.settled();
  life.pass(50_000);
  life.take(10);
  life.pass(50_000);
  expect(life.ends).toEqual([]);
  life.pass(10_000);
  expect(life.ends).toEqual(["terminated"]);
});

test("a stream is taken at leisure, and given up only with its reader", async () => {
  let hasStopped = false;
  const life = literalConnection(() =>
    streamLines(new AbortController().signal, (sink) => {
      sink.send({ number: 1 });
      return () => (hasStopped = true);
    }),
  );
  life.take(0);
  life.send(GET);
  await life.settled();
  life.pass(86_400_000);
  expect([life.ends, hasStopped]).toEqual([[], false]);
  life.take(Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < 5; turn++) await life.settled();
  expect(life.written()).toContain('\r\ne\r\n\n{"number":1}\n\r\n');
  life.connection.close();
  await life.settled();
  expect(hasStopped).toBe(true);
});

test("who sends ahead without end is not listened to any more", async () => {
  const life = literalConnection(() => new Promise<Response>(() => {}));
  life.send(GET);
  await life.settled();
  for (let count = 0; count < 10 && life.ends.length === 0; count++) life.send("x".repeat(16_384));
  expect(life.ends).toEqual(["terminated"]);
});

test("HEAD is answered with what GET begins with, and the next request is read where it begins", async () => {
  const life = literalConnection(
    (request) => new Response("sixteen letters!", { status: request.url.endsWith("/no") ? 404 : 200 }),
  );
  life.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /no HTTP/1.1\r\nHost: x\r\n\r\n");
  while (life.asked.length < 2) await life.settled();
  await life.settled();
  expect(life.asked).toEqual(["GET /a", "GET /no"]);
  expect(statusesIn(life.written())).toEqual([200, 404]);
  expect(life.written().match(/content-length: 16\r\n/g)).toHaveLength(2);
  expect(life.written()).not.toContain("letters");
  expect(life.ends).toEqual([]);
});

test("HEAD of what would not end is answered at once, and the stream is let go", async () => {
  let isLetGo = false;
  const life = literalConnection(() => streamLines(new AbortController().signal, () => () => (isLetGo = true)));
  life.send("HEAD /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  while (life.ends.length === 0) await life.settled();
  expect([statusesIn(life.written()), isLetGo]).toEqual([[200], true]);
});

test("old clients get an answer that ends with the connection, and a body is asked for where that is waited for", async () => {
  const old = literalConnection();
  old.send("GET / HTTP/1.0\r\n\r\n");
  await old.settled();
  expect(old.written()).toContain("connection: close");
  expect(old.ends).toEqual(["shutdown"]);
  const careful = literalConnection();
  careful.send(POST.replace("Host: x", "Host: x\r\nExpect: 100-continue").slice(0, -5));
  expect(careful.written()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  careful.send("hello");
  await careful.settled();
  expect(careful.asked).toEqual(["POST /p hello"]);
});
