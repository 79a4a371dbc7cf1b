import { describe, expect, test } from "bun:test";
import { MOST_HEADERS, parseHttpAnswer } from "../../src/supervisor/http-answer.ts";

const encoder = new TextEncoder();

/** The answer with its body as text. */
function parse(text: string) {
  const answer = parseHttpAnswer(encoder.encode(text));
  return answer.tag === "answered" ? { ...answer, body: new TextDecoder().decode(answer.body) } : answer;
}

function answered(status: number, body: string, isWhole: boolean) {
  return { tag: "answered" as const, status, body, isWhole };
}

describe("an answer", () => {
  test.each([
    ["HTTP/1.1 200 OK\r\n\r\n", answered(200, "", false)],
    ["HTTP/1.1 200\r\n\r\nabc", answered(200, "abc", false)],
    ["HTTP/1.0 503 Service Unavailable\r\nX: y\r\n\r\ndown", answered(503, "down", false)],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", answered(200, "ab", false)],
    ["HTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nabcd", answered(200, "abc", true)],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", answered(200, "", true)],
    ["HTTP/1.1 204 No Content\r\n\r\n", answered(204, "", true)],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", answered(304, "", true)],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n", answered(200, "abcde", false)],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", answered(200, "abc", true)],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nabc", answered(200, "abc", false)],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", answered(200, "", true)],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 201 C\r\n\r\n", answered(201, "", false)],
    ["HTTP/1.1 100 Continue\r\n\r\n", { tag: "incomplete" as const }],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", { tag: "incomplete" as const }],
    ["HTT", { tag: "incomplete" as const }],
    ["", { tag: "incomplete" as const }],
    ["SSH-2.0-OpenSSH_9.2\r\n", { tag: "no-http" as const }],
    ["HTTP/2 200\r\n\r\n", { tag: "no-http" as const }],
    ["HTTP/1.1 999 No\r\n\r\n", { tag: "no-http" as const }],
    ["HTTP/1.1 abc\r\n\r\n", { tag: "no-http" as const }],
  ])("that reads %j", (text, answer) => expect(parse(text)).toEqual(answer));

  test("whose headers do not end is none", () => {
    const endless = `HTTP/1.1 200 OK\r\nX: ${"x".repeat(MOST_HEADERS)}`;
    expect(parse(endless.slice(0, MOST_HEADERS - 1))).toEqual({ tag: "incomplete" });
    expect(parse(endless)).toEqual({ tag: "no-http" });
  });

  test("is the same however it is cut, once it is whole", () => {
    const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (let cut = 0; cut < text.length; cut++) {
      const answer = parse(text.slice(0, cut));
      expect(answer.tag).toBe(cut < text.indexOf("\r\n\r\n") + 4 ? "incomplete" : "answered");
      if (answer.tag === "answered") expect("abcde".startsWith(answer.body)).toBe(true);
    }
    expect(parse(text)).toEqual(answered(200, "abcde", true));
  });
});
