import { describe, expect, test } from "bun:test";
import type { HistoryAnswer, HistoryQuestion } from "../../src/core/history-view.ts";
import { createControlServer } from "../../src/control/server.ts";
import { literalPort, viewOf } from "./literal-port.ts";

/** Asks a supervisor with the services "web" and "db", of whose history this is said. */
async function ask(
  path: string,
  answer: HistoryAnswer,
): Promise<{ status: number; body: unknown; asked: HistoryQuestion[] }> {
  const asked: HistoryQuestion[] = [];
  const port = literalPort([viewOf("web"), viewOf("db")], {
    history: (question) => {
      asked.push(question);
      return Promise.resolve(answer);
    },
  });
  const server = createControlServer(port, { access: "read", mostStreams: 1, mostWaiting: 1, report: () => undefined });
  const response = await server.fetch(new Request(`http://daemonsup${path}`));
  return { status: response.status, body: await response.json(), asked };
}

const NO_LINES: HistoryAnswer = { tag: "list", lines: [], unknown: [], services: [] };
const NO_REPORT: HistoryAnswer = { tag: "report", report: null, newest: 6 };

describe("the history over the control interface", () => {
  test("is asked with globs, a time and a number of lines", async () => {
    const { status, asked } = await ask("/v1/history?name=web,d*&since=2026-01-02T03:04:05Z&lines=7", NO_LINES);
    expect(status).toBe(200);
    const since = Date.parse("2026-01-02T03:04:05Z");
    expect(asked).toEqual([{ tag: "list", patterns: ["web", "d*"], since, most: 7 }]);
    expect((await ask("/v1/history", NO_LINES)).asked).toEqual([{ tag: "list", patterns: [], since: null, most: 50 }]);
  });

  test("calls no service unknown that is there and to which nothing has happened", async () => {
    const answer: HistoryAnswer = { ...NO_LINES, unknown: ["db", "old"], services: ["web"] };
    expect((await ask("/v1/history?name=db,old", answer)).body).toEqual({
      lines: [],
      unknown: ["old"],
      services: ["web"],
    });
  });

  test.each([
    [
      "/v1/history?since=soon",
      400,
      'cannot read the request: "since": got "soon", want a time like "2026-01-02T03:04:05Z"',
    ],
    ["/v1/history?lines=many", 400, "lines"],
    ["/v1/history?last=5", 400, "last"],
    ["/v1/history/web/first", 400, 'cannot read the request: got run "first", want its number, or "last"'],
    ["/v1/history/web/1?lines=5", 400, "lines"],
    ["/v1/history/web/9", 404, 'cannot show run 9 of "web": it is not kept, the newest is run 6'],
    ["/v1/history/web/last", 404, 'cannot show the last report of "web": none of its runs ended unexpectedly'],
  ])("refuses %s with %i and the reason", async (path, wanted, words) => {
    const { status, body } = await ask(path, NO_REPORT);
    expect(status).toBe(wanted);
    expect((body as { detail: string }).detail).toContain(words);
  });

  test("tells a service that is not from one of which nothing is kept", async () => {
    const none: HistoryAnswer = { tag: "report", report: null, newest: null };
    expect((await ask("/v1/history/wep/1", none)).body).toMatchObject({
      detail: 'cannot show "wep": no such service (did you mean "web"?)',
    });
    expect((await ask("/v1/history/web/1", none)).body).toMatchObject({
      detail: 'cannot show run 1 of "web": nothing is kept of it',
    });
    const noRuns: HistoryAnswer = { tag: "runs", runs: [] };
    expect(await ask("/v1/services/wep/runs", noRuns)).toMatchObject({ status: 404 });
    expect(await ask("/v1/services/web/runs", noRuns)).toMatchObject({ status: 200, body: [] });
  });

  test("that cannot be had is refused with the reason", async () => {
    const failed: HistoryAnswer = { tag: "failed", message: "cannot keep the history: the disk is full" };
    for (const path of ["/v1/history", "/v1/history/web/1", "/v1/services/web/runs"])
      expect(await ask(path, failed)).toMatchObject({
        status: 409,
        body: { detail: "cannot keep the history: the disk is full" },
      });
  });
});
