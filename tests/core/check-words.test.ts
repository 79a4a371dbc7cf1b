import { expect, test } from "bun:test";
import { checkWordsOf, listenWordsOf, scheduleWordsOf } from "../../src/core/check-words.ts";
import type { ListenAddress, ReadyMethod, SchedulePolicy } from "../../src/core/life-policies.ts";

const methods: readonly (readonly [ReadyMethod, string])[] = [
  [{ tag: "tcp", host: "127.0.0.1", port: 80 }, "tcp 127.0.0.1:80"],
  [{ tag: "tcp", host: "::1", port: 80 }, "tcp [::1]:80"],
  [{ tag: "http", url: "http://127.0.0.1:8080/healthz" }, "http 127.0.0.1:8080/healthz"],
  [{ tag: "http", url: "http://me:secret@host/a@b?token=secret#x" }, "http host/a@b"],
  [{ tag: "command", command: ["/usr/bin/pg_isready", "--password=secret"] }, "command pg_isready"],
  [{ tag: "notify" }, "READY=1 from it"],
  [{ tag: "fd", fd: 3 }, "a newline on its descriptor 3"],
  [{ tag: "log", pattern: 'say "yes"' }, 'a line of output like "say \\"yes\\""'],
];
test.each(methods)("%j is told as %s", (method, words) => expect(checkWordsOf(method)).toBe(words));

const addresses: readonly (readonly [ListenAddress, string])[] = [
  [{ tag: "tcp", host: "0.0.0.0", port: 80 }, "tcp 0.0.0.0:80"],
  [{ tag: "udp", host: "::", port: 53 }, "udp [::]:53"],
  [{ tag: "unix", path: "/run/web.sock" }, "unix /run/web.sock"],
];
test.each(addresses)("%j is told as %s", (address, words) => expect(listenWordsOf(address)).toBe(words));

test("a schedule is told as it is written", () => {
  const every = (span: number): SchedulePolicy => ({ cron: null, every: span, timezone: null }) as SchedulePolicy;
  expect([900_000, 90_000, 86_400_000, 1_500].map((span) => scheduleWordsOf(every(span)))).toEqual([
    "every 15m",
    "every 90s",
    "every 1d",
    "every 1500ms",
  ]);
  const cron = { cron: "0 3 * * *", every: null, timezone: "Europe/Berlin" } as SchedulePolicy;
  expect(scheduleWordsOf(cron)).toBe("cron 0 3 * * * (Europe/Berlin)");
});
