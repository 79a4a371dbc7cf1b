import { expect, test } from "bun:test";
import { followLogs } from "../../src/control/follow-logs.ts";
import { lineOf, literalPort, viewOf } from "./literal-port.ts";

test("the last lines are sent, and then those that are written", async () => {
  const port = literalPort([viewOf("web")], { logs: () => Promise.resolve([lineOf("web", "a"), lineOf("web", "b")]) });
  const sent: string[] = [];
  const stop = followLogs(
    port,
    { name: "web", count: 2 },
    {
      isLagging: false,
      send: (line) => sent.push(JSON.stringify(line)),
      sendAll: (lines) => sent.push(...lines.map((line) => JSON.stringify(line))),
    },
  );
  await Bun.sleep(0);
  port.followers.forEach((listen) => listen(lineOf("web", "c")));
  expect(sent).toEqual(["a", "b", "c"].map((text) => JSON.stringify(lineOf("web", text))));
  stop();
  expect(port.followers.size).toBe(0);
});

test("a reader that lags behind misses lines, and is told how many before the next one", async () => {
  const port = literalPort([viewOf("web")], { logs: () => Promise.resolve([]) });
  const sent: object[] = [];
  const sink = { isLagging: false, send: (line: object) => sent.push(line), sendAll: () => {} };
  const stop = followLogs(port, { name: "web", count: 0 }, sink);
  await Bun.sleep(0);
  const write = (text: string): void => port.followers.forEach((listen) => listen(lineOf("web", text)));
  write("a");
  sink.isLagging = true;
  write("b");
  write("c");
  sink.isLagging = false;
  write("d");
  write("e");
  expect(sent).toMatchObject([
    { text: "a" },
    { text: expect.stringContaining("2 lines are missing here") },
    { text: "d" },
    { text: "e" },
  ]);
  stop();
});
