import { describe, expect, test } from "bun:test";
import type { OutputWish } from "../../src/control/control-port.ts";
import { literalPort, viewOf } from "./literal-port.ts";
import { serveTemporarily } from "./temporary-server.ts";

const NOTHING = { grep: null, priority: null, stream: null };

/** What the supervisor was asked for, and how the request was answered. */
async function asked(query: string): Promise<{ readonly wish: OutputWish | null; readonly response: Response }> {
  let wish: OutputWish | null = null;
  const port = literalPort([viewOf("web"), viewOf("db"), viewOf("db-old")], {
    readOutput(given, life) {
      wish = given;
      life.over();
      return new Response("").body ?? new ReadableStream();
    },
  });
  await using server = serveTemporarily(port);
  const response = await fetch(`http://daemonsup/v1/logs${query}`, { unix: server.socket });
  return { wish, response };
}

describe("a request for logs", () => {
  test("without a query means everything of all services", async () => {
    const { wish } = await asked("");
    expect(wish).toMatchObject({
      names: ["web", "db", "db-old"],
      count: null,
      wishes: NOTHING,
      window: { since: null, until: null },
      runs: null,
      isThisBoot: false,
      isFollowed: false,
      notes: [],
    });
    expect(wish?.isWanted("new")).toBe(true);
  });

  test("says which services, lines and times are meant", async () => {
    const query =
      "?names=db*,web,nope&lines=5&since=1970-01-01T00:00:01Z&until=1970-01-01T01:00:02%2B01:00&grep=a%2Bb&ignore_case=1" +
      "&priority=err&stream=stderr&boot=true&follow=false";
    const { wish } = await asked(query);
    expect(wish).toMatchObject({
      names: ["db", "db-old", "web"],
      count: 5,
      wishes: { grep: { pattern: "a+b", ignoreCase: true }, priority: "err", stream: "stderr" },
      window: { since: 1e6, until: 2e6 },
      isThisBoot: true,
      notes: [{ note: 'cannot show "nope": no such service', exit: 5 }],
    });
    expect(wish?.isWanted("db-new")).toBe(true);
    expect(wish?.isWanted("new")).toBe(false);
  });

  const refused: readonly (readonly [string, number, string])[] = [
    ["?names=nope", 404, 'cannot show "nope": no such service'],
    ["?grep=(", 400, '"grep": Invalid regular expression'],
    ["?grep=" + "a".repeat(1001), 400, '"grep"'],
    ["?since=yesterday", 400, '"since"'],
    ["?lines=10001", 400, '"lines"'],
    ["?priority=bad", 400, '"priority"'],
    ["?since=2026-01-02T00:00:00Z&until=2026-01-02T00:00:00Z", 400, '"until": nothing lies between'],
    ["?run=1.5", 400, '"run"'],
    ["?follow=true&until=2026-01-01T00:00:00Z", 400, '"until": what is followed has no end'],
    ["?follow=true&run=-1", 400, '"run": only the current one can be followed'],
    [`?names=${Array.from({ length: 65 }, () => "*").join(",")}`, 400, "at most 64 globs"],
    ["?nmaes=web", 400, 'did you mean "names"?'],
  ];
  test.each(refused)("%j is refused with %i", async (query, status, words) => {
    const { wish, response } = await asked(query);
    expect(wish).toBe(null);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { detail: string }).detail).toContain(words);
  });

  test("is told that too many are read at the moment", async () => {
    const port = literalPort([viewOf("web")], { readOutput: () => null });
    await using server = serveTemporarily(port);
    const response = await fetch("http://daemonsup/v1/logs", { unix: server.socket });
    expect(response.status).toBe(503);
  });

  test("with a glob that nobody has yet is followed all the same", async () => {
    const { wish } = await asked("?names=new-*&follow=true");
    expect(wish).toMatchObject({ names: [], isFollowed: true, notes: [] });
    expect(wish?.isWanted("new-one")).toBe(true);
  });

  test("for a run of services of which none has one says that once", async () => {
    expect((await asked("?run=0")).wish?.notes).toEqual([{ note: "cannot show run 0: no service has one", exit: 1 }]);
    const named = await asked("?run=0&names=db*,web");
    expect(named.wish?.notes).toEqual([
      { note: 'cannot show run 0 of "web": it has not run since the history begins', exit: 1 },
    ]);
  });
});
