/* What is said to a service that reads logs when the supervisor dies at the worst of moments. */
import { expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { waitingInPipe } from "../../src/os/pipe-io.ts";
import { shell } from "./definitions.ts";
import { FaultyBinary } from "./faulty-binary.ts";
import { TestPlace, signalProcess, untilTrue } from "./test-supervisor.ts";

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

test("a logger that reads nothing for a while is told whole lines, although the supervisor dies meanwhile", async () => {
  using place = new TestPlace({
    // In large stretches, so whoever hands them on is held up in the middle of one.
    "talker.toml": shell(
      `awk 'BEGIN { for (i = 1; i <= 30000; i++) printf "%06d %0100d\\n", i, 0; print "end" }'; exec sleep 1000`,
      '[log]\nto = ["service:logger"]\nstamp = "none"',
    ),
  });
  const [logged, go] = [place.path("logged"), place.path("go")];
  place.write("logger.toml", shell(`until [ -e ${go} ]; do sleep 0.01; done; exec cat >> ${logged}`));
  await using first = await place.start();
  const { pid } = await first.until("logger", ({ state }) => state === "up");
  let [waiting, looks] = [0, 0];
  // Nothing more finds room.
  await untilTrue(() => {
    const before = waiting;
    waiting = waitingAt(`/proc/${pid}/fd/0`);
    looks = waiting === before ? looks + 1 : 0;
    return waiting > 0 && looks > 10;
  });
  signalProcess(first.supervisorPid, "SIGKILL");
  await using next = await first.successor();
  await next.until("talker", ({ state }) => state === "up");
  writeFileSync(go, "");
  const text = (): string => (existsSync(logged) ? readFileSync(logged, "utf8") : "");
  await untilTrue(() => text().endsWith("end\n"));
  const torn = text()
    .split("\n")
    .slice(0, -2)
    .filter((line) => !/^\d{6} 0{100}$/.test(line));
  expect(torn).toEqual([]);
});

/** How many bytes wait to be read there. */
function waitingAt(pipe: string): number {
  const fd = openSync(pipe, "r");
  const waiting = waitingInPipe(fd);
  closeSync(fd);
  return waiting;
}
