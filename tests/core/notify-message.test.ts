import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  LONGEST_SPAN,
  MOST_STATUS_BYTES,
  type Notification,
  parseNotifyMessage,
} from "../../src/core/notify-message.ts";

const encoder = new TextEncoder();

function read(text: string | Uint8Array, descriptors = 0) {
  return parseNotifyMessage(typeof text === "string" ? encoder.encode(text) : text, descriptors);
}

/** What a datagram says, without what it does not say. */
function said(text: string | Uint8Array, descriptors = 0): Partial<Notification> {
  const message = read(text, descriptors);
  if (message.tag !== "said") throw new Error(`it is ${message.tag}`);
  const entries = Object.entries(message.notification).filter(([, value]) => value !== null && value !== false);
  return Object.fromEntries(entries);
}

function ignored(text: string | Uint8Array, descriptors = 0): readonly string[] {
  const message = read(text, descriptors);
  return message.tag === "said" ? message.ignored : [message.tag];
}

const USUAL: readonly (readonly [string, object])[] = [
  ["READY=1", { phase: "ready" }],
  ["READY=1\n", { phase: "ready" }],
  ["READY=1\0", { phase: "ready" }],
  ["RELOADING=1\nMONOTONIC_USEC=123456789", { phase: "reloading", monotonicMicros: 123_456_789 }],
  ["STOPPING=1", { phase: "stopping" }],
  ["READY=1\nRELOADING=1\nSTOPPING=1", { phase: "stopping" }],
  ["RELOADING=1\nREADY=1", { phase: "ready" }],
  ["STATUS=Compiling Ü 12%", { status: "Compiling Ü 12%" }],
  ["STATUS=a=b", { status: "a=b" }],
  ["STATUS=", { status: "" }],
  ["STATUS=\u001b[31mred\u0007\u009b", { status: "[31mred" }],
  ["STATUS=first\nSTATUS=second", { status: "first" }],
  ["ERRNO=2", { errno: 2 }],
  ["EXIT_STATUS=255", { exitStatus: 255 }],
  ["BUSERROR=org.freedesktop.DBus.Error.TimedOut", { busError: "org.freedesktop.DBus.Error.TimedOut" }],
  ["VARLINKERROR=io.systemd.Busy", { varlinkError: "io.systemd.Busy" }],
  ["NOTIFYACCESS=none", { access: "none" }],
  ["NOTIFYACCESS=all", { access: "all" }],
  ["MAINPID=4711", { mainPid: 4711 }],
  ["WATCHDOG=1", { watchdog: "ping" }],
  ["WATCHDOG=trigger", { watchdog: "trigger" }],
  ["WATCHDOG_USEC=20000000", { watchdogTimeout: 20_000 }],
  ["WATCHDOG_USEC=0", { watchdogTimeout: Infinity }],
  ["WATCHDOG_USEC=18446744073709551615", { watchdogTimeout: Infinity }],
  ["EXTEND_TIMEOUT_USEC=1", { extendBy: 1 }],
  ["EXTEND_TIMEOUT_USEC=5000000", { extendBy: 5000 }],
  ["EXTEND_TIMEOUT_USEC=18446744073709551615", { extendBy: LONGEST_SPAN }],
  ["RESTART_RESET=1", { resetsRestarts: true }],
  ["FDSTORE=1", { store: { name: "stored", poll: true } }],
  ["FDSTORE=1\nFDNAME=http socket", { store: { name: "http socket", poll: true } }],
  ["FDPOLL=0\nFDSTORE=1\nFDNAME=x", { store: { name: "x", poll: false } }],
  ["FDSTORE=1\nFDNAME=a:b", { store: { name: "stored", poll: true } }],
  ["FDSTOREREMOVE=1\nFDNAME=x", { unstore: "x" }],
  ["FDNAME=x", {}],
  ["X_PRIVATE=1\nX_READY=1", {}],
  ["FUTURE=1\nREADY=1\nno assignment\n=1\n", { phase: "ready" }],
  ["constructor=1\n__proto__=1\ntoString=1", {}],
  ["MAINPIDFDID=77\nMAINPIDFD=1", {}],
  ["", {}],
];

const FAULTY: readonly (readonly [string, string])[] = [
  ["READY=2", "READY=2: its value is not 1"],
  ["READY=", "READY=: its value is not 1"],
  ["RELOADING=yes", "RELOADING=yes: its value is not 1"],
  ["STOPPING=0", "STOPPING=0: its value is not 1"],
  ["MAINPID=0", "MAINPID=0: it cannot be a main process"],
  ["MAINPID=1", "MAINPID=1: it cannot be a main process"],
  ["MAINPID=-5", "MAINPID=-5: it is no number"],
  ["MAINPID=4194305", "MAINPID=4194305: it is more than 4194304"],
  ["MAINPID=12x", "MAINPID=12x: it is no number"],
  ["WATCHDOG=2", "WATCHDOG=2: want 1 or trigger"],
  ["WATCHDOG_USEC=1s", "WATCHDOG_USEC=1s: it is no number"],
  ["EXTEND_TIMEOUT_USEC=0", "EXTEND_TIMEOUT_USEC=0: it is no time"],
  ["EXTEND_TIMEOUT_USEC=111111111111111111111", "EXTEND_TIMEOUT_USEC=111111111111111111111: it is no number"],
  ["MONOTONIC_USEC=9007199254740993", "MONOTONIC_USEC=9007199254740993: it is more than 9007199254740991"],
  ["NOTIFYACCESS=everybody", "NOTIFYACCESS=everybody: want none, main, exec or all"],
  ["ERRNO=4096", "ERRNO=4096: it is more than 4095"],
  ["ERRNO=ENOENT", "ERRNO=ENOENT: it is no number"],
  ["EXIT_STATUS=256", "EXIT_STATUS=256: it is more than 255"],
  ["BUSERROR=no name", "BUSERROR=no name: it is no name of an error"],
  ["VARLINKERROR=", "VARLINKERROR=: it is no name of an error"],
  ["RESTART_RESET=0", "RESTART_RESET=0: its value is not 1"],
  ["FDSTORE=0", "FDSTORE=0: its value is not 1"],
  ["FDSTOREREMOVE=1", "FDSTOREREMOVE=1: it needs a valid FDNAME"],
  ["FDPOLL=2", "FDPOLL=2: want 0 or 1"],
  ["FDNAME=a:b", "FDNAME=a:b: it is no name of a descriptor"],
  ["FDNAME=ä", "FDNAME=ä: it is no name of a descriptor"],
  ["FDNAME=", "FDNAME=: it is no name of a descriptor"],
  ["FDNAME=a\tb", "FDNAME=a b: it is no name of a descriptor"],
];

describe("a notification", () => {
  test.each(USUAL)("%j says %j", (text, expected) => {
    expect(said(text)).toEqual(expected as Partial<Notification>);
  });

  test.each(FAULTY)("%j says nothing, and why is told", (text, reason) => {
    expect(said(text)).toEqual({});
    expect(ignored(text)).toEqual([reason]);
  });

  test("loses nothing by a fault in another line of it", () => {
    const text = new Uint8Array([...encoder.encode("STATUS="), 0xff, ...encoder.encode("\nMAINPID=1\nREADY=1")]);
    expect(said(text)).toEqual({ phase: "ready" });
    expect(ignored(text)).toEqual(["STATUS: it is not UTF-8", "MAINPID=1: it cannot be a main process"]);
  });

  test("names a descriptor with at most 255 characters", () => {
    expect(said(`FDSTORE=1\nFDNAME=${"n".repeat(255)}`).store?.name).toHaveLength(255);
    expect(said(`FDSTORE=1\nFDNAME=${"n".repeat(256)}`).store?.name).toBe("stored");
  });

  test("has a status of bounded length in bytes", () => {
    expect(said(`STATUS=${"ü".repeat(MOST_STATUS_BYTES / 2)}`).status).toHaveLength(MOST_STATUS_BYTES / 2);
    const long = `STATUS=${"ü".repeat(MOST_STATUS_BYTES / 2)}x`;
    expect(said(long)).toEqual({});
    expect(ignored(long)).toEqual([`STATUS=${"ü".repeat(40)}…: it is longer than 1024 bytes`]);
  });

  test("with a NUL byte inside is malformed", () => {
    expect(read("READY=1\0STATUS=x").tag).toBe("malformed");
    expect(read("READY=1\0\0").tag).toBe("malformed");
  });

  test("is read whatever its bytes are", () => {
    const line = fc.oneof(fc.constantFrom(...USUAL.map(([text]) => text)), fc.string());
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(line).map((lines) => encoder.encode(lines.join("\n"))),
    );
    fc.assert(
      fc.property(bytes, fc.nat(3), (datagram, descriptors) => {
        const message = parseNotifyMessage(datagram, descriptors);
        if (message.tag !== "said") return;
        expect(message.notification.status ?? "").not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(message.notification.mainPid ?? 2).toBeGreaterThan(1);
        expect(message.notification.extendBy ?? 1).toBeLessThanOrEqual(LONGEST_SPAN);
      }),
    );
  });
});

describe("a barrier", () => {
  test("is alone and comes with exactly one descriptor", () => {
    expect(read("BARRIER=1", 1)).toEqual({ tag: "barrier" });
    expect(ignored("BARRIER=1", 0)).toEqual(["BARRIER=1: it came with 0 descriptors, want 1"]);
    expect(ignored("BARRIER=1", 2)).toEqual(["BARRIER=1: it came with 2 descriptors, want 1"]);
    expect(ignored("BARRIER=0", 1)).toEqual(["BARRIER=1: its value is not 1"]);
  });

  test("beside something else is none, and the rest counts", () => {
    expect(said("BARRIER=1\nREADY=1", 1)).toEqual({ phase: "ready" });
    expect(ignored("READY=1\nBARRIER=1", 1)).toEqual(["BARRIER=1: it must be alone"]);
  });
});
