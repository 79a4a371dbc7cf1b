/* What the main thread remembers of the pipes that the relay writes to. */
import { expect, test } from "bun:test";
import { RelayHost, type RelayThreadListener } from "../../src/log/relay-host.ts";
import type { ToRelay } from "../../src/log/relay-messages.ts";

/** A host and its thread, whose part the test plays. */
function hostOf() {
  const told: ToRelay[] = [];
  let listener: RelayThreadListener | null = null;
  const host = new RelayHost({
    startThread(itsListener) {
      listener = itsListener;
      return { post: (message) => void told.push(message), end: () => undefined };
    },
    renewed: () => undefined,
    report: () => undefined,
  });
  host.begin();
  const say: RelayThreadListener["said"] = (message) => listener?.said(message);
  const answer = (): void => {
    for (const message of told) if (message.tag === "release") say({ tag: "done", number: message.number });
  };
  return { host, told, say, answer };
}

test("a pipe that is used again before it is released is still known, and one that was released is not", async () => {
  const { host, told, say, answer } = hostOf();
  const full: number[] = [];
  host.usePipe("logger", 5, () => full.push(1));
  const released = host.releasePipe("logger");
  host.usePipe("logger", 5, () => full.push(2));
  answer();
  await released;
  say({ tag: "full", service: "logger" });
  expect(full).toEqual([2]);
  told.length = 0;
  // As another one says that comes in the place of the first.
  say({ tag: "ready" });
  expect(told.splice(0)).toEqual([{ tag: "pipe", service: "logger", fd: 5 }]);
  const releasedLast = host.releasePipe("logger");
  answer();
  await releasedLast;
  told.length = 0;
  say({ tag: "ready" });
  say({ tag: "full", service: "logger" });
  expect([told, full]).toEqual([[], [2]]);
});
