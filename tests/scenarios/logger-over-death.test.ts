/* What is said to a service that reads logs when the supervisor dies at the worst of moments. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { FaultyBinary } from "./faulty-binary.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

test("what kills everything before the Worker takes what it has formatted: a logger is told of it once", async () => {
  using binary = await FaultyBinary.build({ commit: ["log/pipe-journal.ts", "PipeJournal", "commit", "io-worker"] });
  using place = new TestPlace({
    "talker.toml": shell(
      "i=0; while :; do echo $((i += 1)); sleep 0.002; done",
      '[log]\nto = ["service:logger"]\nstamp = "none"',
    ),
  });
  const logged = place.path("logged");
  place.write("logger.toml", shell(`exec cat >> ${logged}`));
  await using first = await binary.start(place);
  const text = (): string => (existsSync(logged) ? readFileSync(logged, "utf8") : "");
  const count = (): number => text().split("\n").length;
  const tellsMore = (after: number): Promise<void> => untilTrue(() => count() > after + 20);
  await tellsMore(0);
  // Nobody else's lines are written here, and what was told before is in the pipe by then.
  binary.ask("commit", "die late");
  await binary.failed("commit");
  await using next = await first.successor();
  await tellsMore(count());
  const numbers = text().split("\n").slice(0, -1).map(Number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(await next.service("logger")).toMatchObject({ state: "up", restarts: 0 });
});
