/* The pipes to services that others log to, over the death of the supervisor. */
import { expect, test } from "bun:test";
import type { LogPolicy } from "../../src/core/log-policy.ts";
import { Estate } from "../../src/daemon-estate.ts";
import { Loggers } from "../../src/log/loggers.ts";
import { EVERY_LINE, LOG_STREAMS } from "../../src/core/log-policy.ts";

function to(...services: readonly string[]): Pick<LogPolicy, "sinks"> {
  return {
    sinks: services.map((service) => ({
      type: "service",
      name: `service:${service}`,
      streams: LOG_STREAMS,
      filter: EVERY_LINE,
      service,
      format: "plain",
      stamp: "none",
      buffer: 4096,
      whenSlow: "drop",
    })),
  } as Pick<LogPolicy, "sinks">;
}

/** Loggers whose descriptors are numbers alone, and whose pipes are released at once or when `released` is done. */
function loggersOf(estate: Estate, from: number, released: Promise<void> = Promise.resolve()) {
  let next = from;
  const closed: number[] = [];
  const used: number[] = [];
  const loggers = new Loggers({
    estate,
    openPipe: () => ({ read: next++, write: next++ }),
    openWritableWatch: () => null,
    close: (fd) => void closed.push(fd),
    watch: () => undefined,
    unwatch: () => undefined,
    relay: {
      begin: () => {},
      usePipe: (_logger, fd) => void used.push(fd),
      releasePipe: () => released,
      room: () => {},
      troubleOf: () => null,
    },
    settled: () => Promise.resolve(),
    report: () => undefined,
  });
  return { loggers, closed, used };
}

test("a successor goes on with the pipes that are still logged to, and lets go of the others", () => {
  const first = new Estate(new Map());
  loggersOf(first, 10).loggers.configure("a", to("kept", "dropped"));
  expect([...first.manifest.values()]).toEqual([10, 11, 12, 13]);
  const second = new Estate(first.manifest);
  const { loggers, closed } = loggersOf(second, 20);
  loggers.configure("a", to("kept", "new"));
  loggers.resume();
  expect(["kept", "new", "dropped"].map((name) => loggers.standardInputOf(name))).toEqual([10, 20, null]);
  expect(closed).toEqual([12, 13]);
  expect(new Set(second.manifest.values())).toEqual(new Set([10, 11, 20, 21]));
});

test("what nobody logs to any more is in no estate", async () => {
  const estate = new Estate(new Map());
  const { loggers, closed } = loggersOf(estate, 10);
  loggers.configure("a", to("logger"));
  loggers.configure("b", to("logger"));
  loggers.forget("a");
  expect(estate.manifest.size).toBe(2);
  loggers.forget("b");
  expect(estate.manifest.size).toBe(0);
  await Bun.sleep(0);
  expect(closed).toEqual([10, 11]);
});

test("who is logged to again before its pipe is released keeps it", async () => {
  const estate = new Estate(new Map());
  let release = (): void => {};
  const { loggers, closed, used } = loggersOf(estate, 10, new Promise((resolve) => (release = resolve)));
  loggers.configure("a", to("logger"));
  const held = [...estate.manifest];
  loggers.configure("a", to());
  await Bun.sleep(0);
  expect([loggers.standardInputOf("logger"), estate.manifest.size]).toEqual([null, 0]);
  loggers.configure("a", to("logger"));
  expect([loggers.standardInputOf("logger"), [...estate.manifest]]).toEqual([10, held]);
  release();
  await Bun.sleep(0);
  expect([loggers.standardInputOf("logger"), used, closed]).toEqual([10, [11, 11], []]);
  loggers.configure("a", to());
  await Bun.sleep(0);
  expect([loggers.standardInputOf("logger"), estate.manifest.size, closed]).toEqual([null, 0, [10, 11]]);
});

test("an end without the other is of no use", () => {
  const estate = new Estate(new Map([["logger read logger", 5]]));
  const { loggers, closed } = loggersOf(estate, 10);
  loggers.configure("a", to("logger"));
  loggers.resume();
  expect(loggers.standardInputOf("logger")).toBe(10);
  expect([...estate.manifest.values()]).toEqual([10, 11]);
  expect(closed).toEqual([5]);
});
