import { expect, test } from "bun:test";
import type { PipeRead } from "../../src/log/pipe-reader.ts";
import type { FromPlane } from "../../src/log/plane-messages.ts";
import { Plane, type PlanePorts } from "../../src/log/plane.ts";
import { QUIET_PLANE, policyOf } from "./plane-harness.ts";

/** Pipes whose bytes are taken when they are read. */
const UNSAFE = {
  carryOf: () => ({ rest: new Uint8Array(0), continues: false }),
  noteMet: () => undefined,
  isMet: () => false,
  begin: () => undefined,
  settle: () => undefined,
};
/** A machine on which nothing happens. */
const PORTS: PlanePorts = {
  ...QUIET_PLANE,
  pipes: { ...UNSAFE, readPipe: () => ({ tag: "empty" }), waitingInPipe: () => 0 },
};
const encoder = new TextEncoder();
const BROKEN = 5;
const SOUND = 6;
const WATCHED = 7;

test("a fault in the handling of one pipe is reported and costs the others nothing", () => {
  const said: FromPlane[] = [];
  const bytes = encoder.encode("sound\n");
  let left = 1;
  const plane = new Plane({
    ...PORTS,
    pipes: {
      ...UNSAFE,
      readPipe(fd, buffer, { offset }): PipeRead {
        if (fd === BROKEN) throw new Error("a bug");
        if (left-- === 0) return { tag: "empty" };
        buffer.set(bytes, offset);
        return { tag: "read", count: bytes.length };
      },
      waitingInPipe: () => bytes.length,
    },
    post: (messages) => said.push(...messages),
  });
  for (const [run, fd] of [BROKEN, SOUND].entries()) {
    plane.handle({ tag: "configure", service: `s${fd}`, policy: policyOf([]), file: null });
    plane.handle({ tag: "open", run, service: `s${fd}`, pid: fd, pipes: [{ fd, stream: "stdout", slot: 0 }] });
  }
  plane.ready(BROKEN);
  plane.ready(SOUND);
  plane.handle({ tag: "drain", run: 0, token: 1 });
  plane.handle({ tag: "tail", service: `s${SOUND}`, count: 10, run: null, token: 2 });
  plane.finishRound();
  const problem = { tag: "problem", service: "s5", message: expect.stringContaining("a bug"), recovered: false };
  expect(said).toEqual([
    problem,
    problem,
    { tag: "drained", run: 0, token: 1 },
    { tag: "tail", token: 2, lines: [{ at: 0, stream: "stdout", pid: SOUND, text: "sound" }] },
  ] as FromPlane[]);
});

test("what is asked while a pipe is read comes before what was read", () => {
  const said: FromPlane[] = [];
  const bytes = { [BROKEN]: "command\n", [SOUND]: "service\n" };
  let isAsked = false;
  let isFirst = true;
  const plane = new Plane({
    ...PORTS,
    pipes: {
      ...UNSAFE,
      readPipe(fd, buffer, { offset }): PipeRead {
        const left = bytes[fd as keyof typeof bytes];
        // The command has ended before the service has said this.
        isAsked ||= fd === SOUND && isFirst;
        isFirst = false;
        return left === ""
          ? { tag: "empty" }
          : { tag: "read", count: encoder.encodeInto(left, buffer.subarray(offset)).written };
      },
      settle: ({ fd }) => void (bytes[fd as keyof typeof bytes] = ""),
      waitingInPipe: (fd) => bytes[fd as keyof typeof bytes].length,
    },
    isAsked: () => isAsked,
    post: (messages) => said.push(...messages),
  });
  plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd: SOUND, stream: "stdout", slot: 0 }] });
  plane.ready(SOUND);
  expect(bytes[SOUND]).toBe("service\n");
  plane.handle({ tag: "open", run: 2, service: "a", pid: 2, pipes: [{ fd: BROKEN, stream: "stdout", slot: 1 }] });
  plane.handle({ tag: "drain", run: 2, token: 1 });
  isAsked = false;
  plane.ready(SOUND);
  plane.handle({ tag: "tail", service: "a", count: 10, run: null, token: 2 });
  plane.finishRound();
  const lines = [
    { at: 0, stream: "stdout", pid: 2, text: "command" },
    { at: 0, stream: "stdout", pid: 1, text: "service" },
  ];
  expect(said).toContainEqual({ tag: "tail", token: 2, lines } as FromPlane);
});

test("a watched descriptor is reported once, a pipe for as long as there is something in it", () => {
  const watched: [number, boolean][] = [];
  const plane = new Plane({
    ...PORTS,
    watch(fd, once) {
      watched.push([fd, once]);
      return { tag: "ok" };
    },
  });
  plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd: SOUND, stream: "stdout", slot: 0 }] });
  plane.handle({ tag: "watch", fd: WATCHED, id: 1 });
  expect(watched).toEqual([
    [SOUND, false],
    [WATCHED, true],
  ]);
});

const CLOSED = [
  ["and is none", "EBADF"],
  ["and is a file now", "EPERM"],
] as const;

test.each(CLOSED)(
  "of a descriptor that was closed before it could be watched, %s, nothing is said; of a pipe it is",
  (_, errno) => {
    const said: FromPlane[] = [];
    const plane = new Plane({
      ...PORTS,
      watch: () => ({ tag: "failed", errno }),
      post: (messages) => said.push(...messages),
    });
    plane.handle({ tag: "watch", fd: WATCHED, id: 1 });
    plane.handle({ tag: "open", run: 1, service: "a", pid: 1, pipes: [{ fd: SOUND, stream: "stdout", slot: 0 }] });
    plane.finishRound();
    const problem = {
      tag: "problem",
      service: "a",
      message: `cannot watch "descriptor ${SOUND}": ${errno}`,
      recovered: false,
    };
    expect(said).toEqual([problem] as FromPlane[]);
  },
);
