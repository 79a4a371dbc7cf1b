/* The machine may have no thread left to give: then the logs wait, and go on when there is one. */
import { expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { DataPlane } from "../../src/log/data-plane.ts";
import { SyslogQueue } from "../../src/log/syslog-queue.ts";
import type { ToPlane } from "../../src/log/plane-messages.ts";
import { IDLE_WORKERS } from "./plane-harness.ts";

test("without a thread, messages for syslog are kept until there is one", async () => {
  let attempts = 0;
  const heard = Promise.withResolvers<readonly string[]>();
  const queue = new SyslogQueue({
    settings: { ident: "test", facility: "daemon", options: [], level: "debug" },
    restartDelay: millis(1),
    start() {
      attempts++;
      if (attempts < 3) throw new TypeError("Failed to spawn worker thread");
      return {
        post(message) {
          if (message.tag === "messages") heard.resolve(message.messages.map(({ text }) => text));
        },
        end() {},
      };
    },
  });
  queue.send("notice", "kept");
  expect(await heard.promise).toEqual(["kept"]);
  expect(attempts).toBe(3);
  await queue.close(millis(0));
});

test("without a thread, or a descriptor for it, the data plane tries again and tells why, and leaks nothing", async () => {
  let attempts = 0;
  let lastFd = 100;
  const open = new Set<number>();
  const problems: string[] = [];
  const told = Promise.withResolvers<readonly ToPlane[]>();
  const plane = new DataPlane(
    {
      ...IDLE_WORKERS,
      openEpoll: () => openOne(),
      openEventfd() {
        if (attempts === 0) {
          attempts++;
          throw new Error("EMFILE");
        }
        return openOne();
      },
      close: (fd) => void open.delete(fd),
      startThread() {
        attempts++;
        if (attempts < 4) throw new TypeError("Failed to spawn worker thread");
        return {
          post(message) {
            if (Array.isArray(message)) told.resolve(message as readonly ToPlane[]);
          },
          end() {},
        };
      },
    },
    ({ message }) => problems.push(message),
  );
  function openOne(): number {
    open.add(++lastFd);
    return lastFd;
  }
  plane.follow("web", () => {});
  expect(await told.promise).toEqual([{ tag: "follow", service: "web", on: true }]);
  expect(problems).toEqual(
    ["EMFILE", "Failed to spawn worker thread", "Failed to spawn worker thread"].map(
      (reason) => `the log Worker died: ${reason}; a new one goes on`,
    ),
  );
  expect(open.size).toBe(2);
});
