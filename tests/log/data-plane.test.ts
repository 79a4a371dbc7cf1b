import { describe, expect, test } from "bun:test";
import { readFileSync, writeSync } from "node:fs";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { DatagramReceiver } from "../datagram-receiver.ts";
import { fileSink, openCountOf, openRun, PlaneHarness, POLICY, syslogSink, policyOf } from "./plane-harness.ts";

describe("from a pipe to a file", () => {
  test("lines reach the file unchanged, and the pipe is closed at its end", async () => {
    await using harness = new PlaneHarness();
    const pipe = harness.pipe();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
    const bytes = Buffer.from([0xff, 0x00, 0x0a, 0x0a, 0xc3, 0x28, 0x0d, 0x0a]);
    writeSync(pipe.write, bytes);
    closeDescriptor(pipe.write);
    await harness.until(() => harness.closed.has(pipe.read));
    expect(readFileSync(harness.file("a.log")).equals(bytes)).toBe(true);
    expect(harness.problems).toEqual([]);
  });

  test("a drain writes the last line without its newline, and later output of a grandchild still comes", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const end = openRun(harness, 1, "a");
    writeSync(end, "whole\nunfinished");
    await harness.plane.drain(1);
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("whole\nunfinished\n");
    writeSync(end, "later\n");
    await harness.plane.drain(1);
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("whole\nunfinished\nlater\n");
    closeDescriptor(end);
  });

  test("what an earlier run still writes is attributed to it", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([fileSink({ format: "json" })]), harness.file("a.log"));
    const first = openRun(harness, 1, "a");
    await harness.plane.drain(1);
    const second = openRun(harness, 2, "a");
    writeSync(second, "new\n");
    await harness.plane.drain(2);
    writeSync(first, "old\n");
    await harness.plane.drain(1);
    const lines = await harness.plane.tail("a", 10);
    expect(lines.map(({ pid, text }) => [pid, text])).toEqual([
      [1002, "new"],
      [1001, "old"],
    ]);
    closeDescriptor(first);
    closeDescriptor(second);
  });

  test("a drain of an unknown run, or of one that has ended, is answered", async () => {
    await using harness = new PlaneHarness();
    await harness.plane.drain(99);
  });

  test("stdout and stderr share a file in whole lines, though both write lines without end", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const out = harness.pipe();
    const err = harness.pipe();
    harness.plane.open({ run: 1, service: "a", pid: 10 }, [
      { fd: out.read, stream: "stdout" },
      { fd: err.read, stream: "stderr" },
    ]);
    writeSync(out.write, "begin ");
    writeSync(err.write, "error\n");
    await harness.plane.tail("a", 1);
    writeSync(out.write, "end\n");
    closeDescriptor(out.write);
    closeDescriptor(err.write);
    await harness.until(() => harness.closed.size === 2);
    expect(readFileSync(harness.file("a.log"), "utf8").split("\n").toSorted()).toEqual(["", "begin end", "error"]);
  });

  test("a removed service is still written while somebody holds its pipe", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", POLICY, harness.file("a.log"));
    const end = openRun(harness, 1, "a");
    harness.plane.forget("a");
    writeSync(end, "still here\n");
    closeDescriptor(end);
    await harness.until(() => harness.closed.size === 1);
    expect(readFileSync(harness.file("a.log"), "utf8")).toBe("still here\n");
    expect(await harness.plane.tail("a", 1)).toEqual([]);
    expect(openCountOf(harness.file("a.log"))).toBe(0);
  });
});

describe("a long line", () => {
  test("of 10 MB without a newline arrives unchanged, among those of another service", async () => {
    await using harness = new PlaneHarness();
    harness.plane.configure("a", policyOf([fileSink({ maxSize: 100_000_000 })]), harness.file("a.log"));
    harness.plane.configure("b", POLICY, harness.file("b.log"));
    const pipe = harness.pipe();
    harness.plane.open({ run: 1, service: "a", pid: 10 }, [{ fd: pipe.read, stream: "stdout" }]);
    const other = openRun(harness, 2, "b");
    const line = Buffer.alloc(10 * 1024 * 1024, "0123456789abcde");
    const writer = Bun.spawn(["cat"], { stdin: line, stdout: pipe.write });
    closeDescriptor(pipe.write);
    writeSync(other, "not kept waiting\n");
    await harness.plane.drain(2);
    expect(readFileSync(harness.file("b.log"), "utf8")).toBe("not kept waiting\n");
    await harness.until(() => harness.closed.has(pipe.read));
    expect(await writer.exited).toBe(0);
    expect(readFileSync(harness.file("a.log")).equals(Buffer.concat([line, Buffer.from("\n")]))).toBe(true);
    closeDescriptor(other);
  });
});

describe("syslog", () => {
  test("gets the lines under the name and pid of the service, and the file gets them too", async () => {
    await using harness = new PlaneHarness();
    using receiver = new DatagramReceiver(harness.file("syslog"));
    harness.plane.configure("web", policyOf([fileSink(), syslogSink("local0")]), harness.file("web.log"));
    const end = openRun(harness, 1, "web");
    writeSync(end, "hello\n<3>trouble\n");
    await harness.plane.drain(1);
    const texts = [receiver.read(), receiver.read()].map((bytes) => Buffer.from(bytes ?? []).toString());
    expect(texts[0]).toMatch(/^<134>.* web\[1001\]: hello$/);
    expect(texts[1]).toMatch(/^<131>.* web\[1001\]: trouble$/);
    expect(readFileSync(harness.file("web.log"), "utf8")).toBe("hello\n<3>trouble\n");
    closeDescriptor(end);
  });

  test("that nobody reads keeps nothing waiting, and is said once", async () => {
    await using harness = new PlaneHarness();
    using _receiver = new DatagramReceiver(harness.file("syslog"));
    harness.plane.configure("web", policyOf([syslogSink("daemon")]), null);
    const end = openRun(harness, 1, "web");
    for (let round = 0; round < 20; round++) {
      writeSync(end, "line\n".repeat(1000));
      await harness.plane.drain(1);
    }
    expect(harness.problems.map(({ service, recovered }) => ({ service, recovered }))).toEqual([
      { service: null, recovered: false },
    ]);
    expect((await harness.plane.tail("web", 2)).map(({ text }) => text)).toEqual(["line", "line"]);
    closeDescriptor(end);
  });
});

describe("many services", () => {
  test("a thousand services opened in one turn all reach their files", async () => {
    await using harness = new PlaneHarness();
    const ends: number[] = [];
    for (let run = 0; run < 1000; run++) {
      harness.plane.configure(`s${run}`, POLICY, harness.file(`s${run}.log`));
      ends.push(openRun(harness, run, `s${run}`));
    }
    ends.forEach((end, run) => writeSync(end, `line of ${run}\n`));
    for (const end of ends) closeDescriptor(end);
    await harness.until(() => harness.closed.size === 1000);
    const texts = ends.map((_, run) => readFileSync(harness.file(`s${run}.log`), "utf8"));
    expect(texts).toEqual(ends.map((_, run) => `line of ${run}\n`));
  });
});

describe("the supervisor's own log", () => {
  test("lines from before the file was named are written too", async () => {
    await using harness = new PlaneHarness();
    harness.plane.own(["first"]);
    harness.plane.configureOwn(harness.file("daemonsup.log"), {
      ...fileSink({ maxSize: 1_000_000, keep: 1 }),
      sinks: [],
    });
    harness.plane.own(["second", "third"]);
    await harness.plane.flush();
    expect(readFileSync(harness.file("daemonsup.log"), "utf8")).toBe("first\nsecond\nthird\n");
  });
});

describe("watched descriptors", () => {
  test("are told of once each time they are watched", async () => {
    await using harness = new PlaneHarness();
    const { read, write } = harness.pipe();
    let times = 0;
    const readable = (): Promise<void> =>
      new Promise((resolve) => {
        harness.plane.watch(read, () => {
          times++;
          resolve();
        });
      });
    const first = readable();
    writeSync(write, "x");
    await first;
    await harness.plane.flush();
    expect(times).toBe(1);
    await readable();
    expect(times).toBe(2);
    harness.plane.watch(read, () => times++);
    harness.plane.unwatch(read);
    closeDescriptor(read);
    closeDescriptor(write);
    await harness.plane.flush();
    expect(times).toBe(2);
  });
});
