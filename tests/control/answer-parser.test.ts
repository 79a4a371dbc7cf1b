import { expect, test } from "bun:test";
import { AnswerParser, concat } from "../../src/control/answer-parser.ts";

const ENCODER = new TextEncoder();

/** What is made of bytes that arrive in pieces of this size, and whether the connection then ends as it should. */
function parse(text: string, size: number) {
  const parser = new AnswerParser();
  const bytes = ENCODER.encode(text);
  const body: Uint8Array[] = [];
  let isAnswer = true;
  for (let at = 0; at < bytes.length && isAnswer; at += size) isAnswer = parser.take(bytes.slice(at, at + size), body);
  const isWhole = parser.isWhole;
  return { isAnswer, status: parser.status, isWhole, ends: parser.end(), body: new TextDecoder().decode(concat(body)) };
}

const WHOLE = { isAnswer: true, status: 200, isWhole: true, ends: true };

test.each([
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ngrüße", { ...WHOLE, body: "grüße" }],
  ["no body", "HTTP/1.1 204 No Content\r\ncontent-length:0\r\n\r\n", { ...WHOLE, status: 204, body: "" }],
  [
    "an early hint",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
    { ...WHOLE, body: "x" },
  ],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n, my world\r\n0\r\nx: y\r\n\r\n",
    { ...WHOLE, body: "hello, my world" },
  ],
  ["an end of the connection", "HTTP/1.1 200 OK\r\n\r\nhello", { ...WHOLE, isWhole: false, body: "hello" }],
  [
    "less than its length",
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
    { ...WHOLE, isWhole: false, ends: false, body: "hello" },
  ],
  [
    "a missing last chunk",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    { ...WHOLE, isWhole: false, ends: false, body: "hello" },
  ],
  ["half a head", "HTTP/1.1 200 OK\r\n", { isAnswer: true, status: 0, isWhole: false, ends: false, body: "" }],
] as const)("an answer with %s is understood however it was cut", (_what, text, expected) => {
  for (const size of [1, 2, 3, 7, 1_000]) expect(parse(text, size)).toEqual(expected);
});

test.each([
  ["another protocol", "SSH-2.0-x\r\n\r\n\r\n\r\n"],
  ["a status that is no number", "HTTP/1.1 abc\r\n\r\n"],
  ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
  ["a chunk without a length", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk that is longer than it says", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`],
])("%s is no answer", (_what, text) => {
  for (const size of [1_000, 1_000_000]) expect(parse(text, size).isAnswer).toBe(false);
});
