import { expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { PROGRESS, type SyslogMessage, type SyslogSettings, type ToSyslog } from "../../src/log/syslog-messages.ts";
import { SyslogQueue } from "../../src/log/syslog-queue.ts";
import type { SyslogThreadListener } from "../../src/log/syslog-thread.ts";

const settings: SyslogSettings = { ident: "test", facility: "daemon", options: ["pid"], level: "debug" };
const NO_TIME = millis(0);
const LONG = millis(60_000);

/** A thread that does with its messages exactly what the test tells it to. */
class HandThread {
  readonly heard: ToSyslog[] = [];
  hasEnded = false;
  readonly listener: SyslogThreadListener;

  constructor(listener: SyslogThreadListener) {
    this.listener = listener;
  }

  post(message: ToSyslog): void {
    this.heard.push(message);
  }

  end(): void {
    this.hasEnded = true;
  }

  get batches(): (readonly SyslogMessage[])[] {
    return this.heard.flatMap((message) => (message.tag === "messages" ? [message.messages] : []));
  }

  get texts(): string[] {
    return this.batches.flat().map((message) => message.text);
  }

  get tokens(): number[] {
    return this.heard.flatMap((message) => (message.tag === "flush" ? [message.token] : []));
  }

  get #progress(): Int32Array {
    const begin = this.heard[0];
    if (begin?.tag !== "begin") throw new Error("the first message is not begin");
    return new Int32Array(begin.progress);
  }

  /** Gives the next `count` messages to syslog. */
  finish(count: number): void {
    Atomics.add(this.#progress, PROGRESS.begun, count);
    Atomics.add(this.#progress, PROGRESS.done, count);
  }

  /** Begins with a message and does not get on. */
  block(): void {
    Atomics.add(this.#progress, PROGRESS.begun, 1);
  }

  /** What a Worker does after each batch. Tells whether it was asked to. */
  tellRoomIfAsked(): boolean {
    const isAsked = Atomics.exchange(this.#progress, PROGRESS.tellRoom, 0) === 1;
    if (isAsked) this.listener.said({ tag: "room" });
    return isAsked;
  }
}

interface Rig {
  readonly queue: SyslogQueue;
  readonly threads: HandThread[];
  /** The one that was started last. */
  readonly thread: () => HandThread;
}

function rig(capacity = 10): Rig {
  const threads: HandThread[] = [];
  const start = (listener: SyslogThreadListener): HandThread => {
    const thread = new HandThread(listener);
    threads.push(thread);
    return thread;
  };
  const queue = new SyslogQueue({ start, settings, capacity, restartDelay: millis(1) });
  return {
    queue,
    threads,
    thread: () => {
      const last = threads.at(-1);
      if (last === undefined) throw new Error("no thread was started");
      return last;
    },
  };
}

/** The end of the turn, when the queue has posted what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sendMany(queue: SyslogQueue, from: number, to: number): void {
  for (let number = from; number <= to; number++) queue.send("info", `${number}`);
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
}

test("no thread is started before there is a message", async () => {
  const { queue, threads } = rig();
  await turn();
  expect(threads).toEqual([]);
  expect(await queue.close(LONG)).toBe(0);
});

test("the messages of a turn are posted in one piece, after the settings", async () => {
  const { queue, thread } = rig(1000);
  sendMany(queue, 1, 999);
  queue.send("alert", "1000");
  await turn();
  expect(thread().heard[0]).toMatchObject({ tag: "begin", settings });
  expect(thread().batches).toHaveLength(1);
  expect(thread().texts).toEqual(numbers(1, 1000));
  expect(thread().batches[0]?.at(-1)?.severity).toBe("alert");
  sendMany(queue, 1001, 1001);
  await turn();
  expect(queue.dropped).toBe(1);
});

test("how much is outstanding is known without a word from the thread", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 8);
  expect(queue.outstanding).toBe(8);
  await turn();
  thread().finish(3);
  expect(queue.outstanding).toBe(5);
  sendMany(queue, 9, 13);
  await turn();
  expect(queue.outstanding).toBe(10);
  expect(thread().batches.map((batch) => batch.length)).toEqual([8, 5]);
  expect(queue.dropped).toBe(0);
});

test("what is too much is dropped, and once half of the queue is free one message says how many", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 13);
  await turn();
  thread().finish(4);
  sendMany(queue, 14, 14);
  expect(queue.dropped).toBe(4);
  thread().finish(1);
  sendMany(queue, 15, 15);
  await turn();
  const report = "4 messages were dropped because syslog did not take them";
  expect(thread().texts).toEqual([...numbers(1, 10), report, "15"]);
  expect(thread().batches[1]?.[0]?.severity).toBe("warning");
  expect(queue.dropped).toBe(0);
});

test("drops are reported although no further message comes", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 11);
  await turn();
  thread().finish(4);
  expect(thread().tellRoomIfAsked()).toBe(true);
  await turn();
  expect(thread().texts).toEqual(numbers(1, 10));
  thread().finish(6);
  expect(thread().tellRoomIfAsked()).toBe(true);
  await turn();
  expect(thread().texts.at(-1)).toBe("1 message was dropped because syslog did not take them");
  thread().finish(1);
  expect(thread().tellRoomIfAsked()).toBe(false);
});

test("a thread that runs already is asked to tell as soon as something is dropped", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 1);
  await turn();
  sendMany(queue, 2, 12);
  await turn();
  thread().finish(10);
  expect(thread().tellRoomIfAsked()).toBe(true);
  await turn();
  expect(thread().texts).toEqual([...numbers(1, 10), "2 messages were dropped because syslog did not take them"]);
});

test("a thread that nobody asked says nothing", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 5);
  await turn();
  thread().finish(5);
  expect(thread().tellRoomIfAsked()).toBe(false);
});

test("another thread takes over what one that ended has not done", async () => {
  const { queue, threads, thread } = rig();
  sendMany(queue, 1, 5);
  await turn();
  thread().finish(2);
  sendMany(queue, 6, 6);
  thread().listener.ended("it threw");
  await turn();
  expect(threads).toHaveLength(2);
  expect(thread().heard[0]).toMatchObject({ tag: "begin", settings });
  expect(thread().texts).toEqual(numbers(3, 6));
  thread().finish(4);
  expect(queue.outstanding).toBe(0);
  expect(queue.dropped).toBe(0);
});

test("a message over which a thread ended is not given to the next one, but counted", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 4);
  await turn();
  thread().finish(1);
  thread().block();
  thread().listener.ended("it threw");
  await turn();
  expect(thread().texts).toEqual(["3", "4", "1 message was dropped because syslog did not take them"]);
});

test("a thread that ends before it did anything is replaced after a while, and nothing is lost", async () => {
  const { queue, threads, thread } = rig();
  sendMany(queue, 1, 2);
  await turn();
  thread().listener.ended("it threw");
  sendMany(queue, 3, 3);
  await turn();
  while (threads.length === 1) await turn();
  expect(thread().texts).toEqual(numbers(1, 3));
});

test("new settings are passed on, and to a later thread as well", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 1);
  await turn();
  const changed: SyslogSettings = { ...settings, facility: "local3" };
  queue.configure(changed);
  expect(thread().heard.at(-1)).toEqual({ tag: "configure", settings: changed });
  thread().finish(1);
  thread().listener.ended("it threw");
  sendMany(queue, 2, 2);
  await turn();
  expect(thread().heard[0]).toMatchObject({ tag: "begin", settings: changed });
});

test("closing waits until everything is done, then ends the thread", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 3);
  const left = queue.close(LONG);
  expect(thread().texts).toEqual(numbers(1, 3));
  expect(thread().hasEnded).toBe(false);
  thread().finish(3);
  thread().listener.said({ tag: "flushed", token: thread().tokens[0] ?? 0 });
  expect(await left).toBe(0);
  expect(thread().hasEnded).toBe(true);
});

test("closing does not wait longer than it may, and tells what was lost", async () => {
  const { queue, thread } = rig();
  sendMany(queue, 1, 3);
  await turn();
  thread().finish(1);
  thread().block();
  expect(await queue.close(NO_TIME)).toBe(2);
  expect(thread().hasEnded).toBe(true);
});

test("closing reports what was dropped, even if the queue is full", async () => {
  const { queue, thread } = rig(2);
  sendMany(queue, 1, 5);
  await queue.close(NO_TIME);
  expect(thread().texts).toEqual(["1", "2", "3 messages were dropped because syslog did not take them"]);
});

test("a flush goes on with the thread that takes over", async () => {
  const { queue, threads, thread } = rig();
  sendMany(queue, 1, 2);
  await turn();
  const left = queue.flush(LONG);
  thread().finish(1);
  thread().listener.ended("it threw");
  expect(threads).toHaveLength(2);
  expect(thread().texts).toEqual(["2"]);
  thread().finish(1);
  thread().listener.said({ tag: "flushed", token: thread().tokens[0] ?? 0 });
  expect(await left).toBe(0);
});

test("after it was closed it takes nothing and starts nothing", async () => {
  const { queue, threads } = rig();
  sendMany(queue, 1, 1);
  await queue.close(NO_TIME);
  threads[0]?.listener.ended("it threw");
  sendMany(queue, 2, 2);
  await turn();
  expect(threads).toHaveLength(1);
  expect(threads[0]?.texts).toEqual(["1"]);
  expect(await queue.close(LONG)).toBe(1);
});
