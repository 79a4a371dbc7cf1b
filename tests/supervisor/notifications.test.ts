import { describe, expect, test } from "bun:test";
import { millis } from "../../src/core/units.ts";
import { MAIN_PID } from "./literal-life.ts";
import { notifiedLife, running, started } from "./notified-life.ts";

describe("the socket for notifications", () => {
  test("is there for a service whose notifications count, and for no other", () => {
    const it = notifiedLife();
    expect(it.notifications.equip(it.definition, "run-1")).toEqual({
      env: { NOTIFY_SOCKET: "/run/notify/11" },
      descriptors: [],
    });
    const other = notifiedLife({ notifyAccess: "none", ready: null });
    expect(other.notifications.equip(other.definition, "run-1")).toEqual({ env: {}, descriptors: [] });
    expect(other.open.size).toBe(0);
  });

  test("is another one for each run, and gone when nothing of the service is left", () => {
    const it = running();
    it.stopping();
    it.notifications.equip(it.definition, "run-2");
    expect([...it.open]).toEqual([12]);
    it.backoff();
    expect([it.open.size, it.watched.size]).toEqual([0, 0]);
  });

  test("that a hook before the start was given is that of the run", () => {
    const it = notifiedLife({ notifyAccess: "exec" });
    expect(it.notifications.environmentFor(it.definition)).toEqual({ NOTIFY_SOCKET: "/run/notify/11" });
    expect(it.notifications.equip(it.definition, "run-1")).toMatchObject({ env: { NOTIFY_SOCKET: "/run/notify/11" } });
    expect(it.notifications.environmentFor(it.definition)).toEqual({ NOTIFY_SOCKET: "/run/notify/11" });
  });

  test("that cannot be made fails the start, with the reason", () => {
    const it = notifiedLife();
    it.notified.failure = 'cannot make "/run/notify/1": EACCES';
    expect(it.notifications.equip(it.definition, "run-1")).toBe('cannot make "/run/notify/1": EACCES');
  });

  test("is given up with the service, and at the end of everything", () => {
    const [forgotten, closed] = [running(), running()];
    forgotten.notifications.forgotten("web");
    closed.notifications.close();
    expect([forgotten.open.size, closed.open.size]).toEqual([0, 0]);
  });

  test("is tried again after a second if it cannot be read, which is said once", () => {
    const it = running();
    for (let time = 1; time <= 2; time++) {
      it.post({ tag: "failed", errno: "ENOMEM" });
      it.hear();
      expect(it.timers.waiting).toEqual([1000]);
      it.timers.fire();
    }
    it.say("STATUS=again");
    expect(it.record.status).toBe("again");
    expect(it.reports.filter((line) => line.startsWith("err"))).toEqual([
      'err: web: cannot receive from "/run/notify/11": ENOMEM',
    ]);
  });
});

describe("READY=1", () => {
  test("makes a service ready that is waited for", () => {
    const it = started();
    it.say("READY=1");
    expect(it.told).toEqual(["web ready"]);
  });

  test("that comes before the exec is known to have succeeded counts once it is", () => {
    const it = notifiedLife();
    it.notifications.equip(it.definition, "run-1");
    it.execing();
    it.say("READY=1");
    expect(it.told).toEqual([]);
    it.starting();
    expect(it.told).toEqual(["web ready"]);
  });

  test("of an earlier run does not count", () => {
    const it = started();
    it.say("READY=1");
    it.told.length = 0;
    it.notifications.equip(it.definition, "run-2");
    it.starting();
    expect(it.told).toEqual([]);
  });

  test("means nothing where something else says when it is ready", () => {
    const it = started({ ready: { method: { tag: "fd", fd: 3 }, timeout: millis(1), interval: millis(1) } });
    it.say("READY=1");
    expect(it.told).toEqual([]);
  });

  test("is heard before the end of the process that said it is told", () => {
    const it = started();
    it.mutter("READY=1\nSTATUS=that was it");
    it.notifications.settle("web");
    expect([it.told, it.record.status]).toEqual([["web ready"], "that was it"]);
  });
});

describe("a sender", () => {
  const SENDERS = [
    ["none", MAIN_PID, false],
    ["main", MAIN_PID, true],
    ["main", 203, false],
    ["main", 202, false],
    ["exec", MAIN_PID, true],
    ["exec", 203, true],
    ["exec", 202, false],
    ["all", MAIN_PID, true],
    ["all", 202, true],
    ["all", 203, true],
    ["all", 999, false],
  ] as const;

  test.each(SENDERS)("with access %s and number %i: heard is %p", (access, from, isHeard) => {
    const it = started({ notifyAccess: "all" });
    it.change({ definition: { ...it.definition, notifyAccess: access } });
    it.say("READY=1", { from });
    expect(it.told).toEqual(isHeard ? ["web ready"] : []);
  });

  test("that is refused is told of once for each service, and loses its descriptors", () => {
    const it = started();
    for (let time = 1; time <= 2; time++) it.say("FDSTORE=1", { from: 202, descriptors: [it.openFd()] });
    expect(it.reports).toEqual([
      'info: web: ignoring a notification of pid 202 (uid 0): notify_access is "main", and it is not the main process',
    ]);
    expect(it.heard).toEqual([]);
    expect(it.open.size).toBe(1);
  });

  test("may be changed by the service itself, until its run is over", () => {
    const it = started();
    it.say("NOTIFYACCESS=all");
    it.say("READY=1", { from: 202 });
    expect(it.told).toEqual(["web ready"]);
    it.notifications.equip(it.definition, "run-2");
    it.starting();
    it.say("READY=1", { from: 202 });
    expect(it.told).toEqual(["web ready"]);
  });

  test("passes a barrier whoever it is, once everything before has been dealt with", () => {
    const it = started();
    const fd = it.openFd();
    it.mutter("READY=1");
    it.say("BARRIER=1", { from: 999, descriptors: [fd] });
    expect([it.told, it.open.has(fd)]).toEqual([["web ready"], false]);
  });

  test("of what did not arrive whole, or makes no sense, is told of", () => {
    const it = running();
    it.post({ tag: "cut", sender: { pid: 201, uid: 7 }, what: "text" });
    it.post({ tag: "cut", sender: { pid: 201, uid: 7 }, what: "descriptors" });
    it.say("A\0B");
    it.say("MAINPID=1\nERRNO=x\nFDPOLL=7\nWATCHDOG=2");
    expect(it.reports).toEqual([
      "info: web: ignoring a notification of pid 201 (uid 7): it is too long",
      "info: web: ignoring a notification of pid 201 (uid 7): some of its descriptors are lost",
      "info: web: ignoring a notification of pid 201 (uid 0): there is a NUL byte in it",
      "info: web: ignoring what it says: MAINPID=1: it cannot be a main process; ERRNO=x: it is no number; FDPOLL=7: want 0 or 1",
    ]);
  });

  test("that says a thousand things is heard in turns, and to its end", () => {
    const it = running();
    for (let number = 1; number <= 1000; number++) it.mutter(`STATUS=${number}`);
    it.hear();
    expect(it.record.status).toBe("64");
    for (let turn = 0; turn < 20; turn++) {
      if (it.watched.size === 0) it.timers.fire();
      it.hear();
    }
    expect(it.record.status).toBe("1000");
  });

  test("that goes on without end does not keep others from their turn, not even at the end of its run", () => {
    const it = running();
    let count = 0;
    it.onTell = () => {
      count++;
      it.mutter("EXTEND_TIMEOUT_USEC=1");
    };
    it.mutter("EXTEND_TIMEOUT_USEC=1");
    it.notifications.settle("web");
    expect(count).toBe(576);
  });
});

describe("what a service says of how it is", () => {
  test("is its status, with the errors that it names", () => {
    const it = running();
    it.say("STATUS=listening");
    expect(it.record.status).toBe("listening");
    it.say("ERRNO=98\nEXIT_STATUS=3");
    expect(it.record.status).toBe("listening (error EADDRINUSE, exit status 3)");
    it.say("STATUS=\nERRNO=0\nBUSERROR=org.x.Failed\nVARLINKERROR=io.x.Busy");
    expect(it.record.status).toBe("error org.x.Failed, error io.x.Busy, exit status 3");
    expect(it.reports.map((line) => line.split(":")[0])).toEqual(["debug", "notice", "notice"]);
  });

  test("fills no log, however often it names errors", () => {
    const it = running();
    for (let errno = 1; errno <= 100; errno++) it.say(`ERRNO=${errno}`);
    expect([it.reports.length, it.record.status]).toEqual([21, "error errno 100"]);
    expect(it.reports.at(-2)).toBe("notice: web: says more than is logged from here on");
    it.timers.time += 60_000;
    it.say("ERRNO=98");
    expect(it.reports.at(-1)).toBe("notice: web: says: error EADDRINUSE");
  });

  test("ends with the run", () => {
    const it = running();
    it.say("ERRNO=2");
    it.notifications.equip(it.definition, "run-2");
    it.up();
    it.say("STATUS=fresh");
    expect(it.record.status).toBe("fresh");
  });

  test("that it is stopping, or needs more time, is passed on", () => {
    const it = running();
    it.say("EXTEND_TIMEOUT_USEC=2500000");
    it.say("STOPPING=1");
    expect(it.told).toEqual(["web extend-timeout 2500", "web says-stopping"]);
  });

  test("reaches those whom it concerns", () => {
    const it = running();
    it.say("WATCHDOG=1");
    it.say("WATCHDOG=trigger\nWATCHDOG_USEC=7000");
    it.say("RESTART_RESET=1");
    const [stored, lost] = [it.openFd(), it.openFd()];
    it.say("FDSTORE=1\nFDNAME=x\nFDPOLL=0", { descriptors: [stored] });
    it.say("FDSTOREREMOVE=1\nFDNAME=x", { descriptors: [lost] });
    expect(it.heard).toEqual(["ping", "timeout 7", "trigger", "reset web", `store ${stored} x false`, "drop x"]);
    expect(it.open.has(lost)).toBe(false);
  });
});

test("what is said after something that ends the run is not heard any more", () => {
  const it = running();
  it.onTell = () => it.backoff();
  it.mutter("STOPPING=1");
  it.say("STATUS=late");
  expect([it.told, it.record.status, it.open.size]).toEqual([["web says-stopping"], null, 0]);
});

describe("a reload that a service tells of", () => {
  test("lasts until it says that it is ready again", () => {
    const it = running();
    it.say("RELOADING=1");
    expect([it.record.reloading, it.timers.waiting]).toEqual([true, [5000]]);
    it.say("READY=1");
    expect([it.record.reloading, it.timers.waiting]).toEqual([false, []]);
    expect(it.told).toEqual([]);
  });

  test("that takes too long is told of, and the service goes on", () => {
    const it = running();
    it.say("RELOADING=1");
    it.timers.fire();
    expect([it.record.reloading, it.told]).toEqual([false, []]);
    expect(it.reports.at(-1)).toBe("warning: web: it has not finished its reload in time, and goes on as it is");
  });

  test("has its time from the moment that it names, unless that is not true", () => {
    const it = running();
    it.timers.time = 3000;
    it.notified.micros = 10_000_000;
    it.say("RELOADING=1\nMONOTONIC_USEC=9000000");
    expect(it.timers.waiting).toEqual([4000]);
    it.say("RELOADING=1\nMONOTONIC_USEC=11000000");
    expect(it.timers.waiting).toEqual([5000]);
    // Before it was started.
    it.say("RELOADING=1\nMONOTONIC_USEC=1000000");
    expect(it.timers.waiting).toEqual([5000]);
  });

  test("gets more time when it asks for it", () => {
    const it = running();
    it.say("RELOADING=1");
    it.say("EXTEND_TIMEOUT_USEC=9000000");
    expect(it.timers.waiting).toEqual([9000]);
    it.say("EXTEND_TIMEOUT_USEC=1");
    expect(it.timers.waiting).toEqual([9000]);
  });

  test("is none before it is up, and over when it stops", () => {
    const it = started();
    it.say("RELOADING=1");
    expect(it.record.reloading).toBe(false);
    it.up();
    it.say("RELOADING=1");
    it.say("STOPPING=1");
    expect([it.record.reloading, it.timers.waiting]).toEqual([false, []]);
    it.say("RELOADING=1");
    it.stopping();
    expect(it.timers.waiting).toEqual([]);
  });
});

describe("MAINPID", () => {
  test("names another process of the service that is a child of the supervisor", () => {
    const it = running();
    it.children.add(202);
    it.say("MAINPID=202");
    expect(it.told).toEqual(["web main-changed 202"]);
  });

  test("of a process that is still the child of another counts when that one ends", () => {
    const it = running();
    it.say("MAINPID=202");
    expect(it.told).toEqual([]);
    it.children.add(202);
    it.notifications.settle("web");
    expect(it.told).toEqual(["web main-changed 202"]);
    it.notifications.settle("web");
    expect(it.told).toHaveLength(1);
  });

  test("of the main process itself changes nothing, and takes back what was said before", () => {
    const it = running();
    it.say("MAINPID=202");
    it.say(`MAINPID=${MAIN_PID}`);
    it.children.add(202);
    it.notifications.settle("web");
    expect([it.told, it.reports]).toEqual([[], []]);
  });

  test("of a process that is not of the service is ignored, which is said", () => {
    const it = running();
    it.children.add(999);
    it.say("MAINPID=999");
    expect([it.told, it.reports]).toEqual([[], ["info: web: ignoring MAINPID=999: the service has no such process"]]);
  });

  test("means nothing while the service is being ended", () => {
    const it = running();
    it.children.add(202);
    it.stopping();
    it.say("MAINPID=202");
    expect(it.told).toEqual([]);
  });
});

test("a service that talks without end is heard on later, nothing of it is lost, and its end comes after its words", () => {
  const it = running();
  for (let count = 1; count <= 300; count++) it.notified.mutter(`STATUS=${count}`);
  const until = (wanted: string): number => {
    let hearings = 0;
    for (; it.record.status !== wanted; hearings++) it.notified.hear();
    return hearings;
  };
  until("256");
  it.notified.hear();
  expect([it.record.status, it.watched.size]).toEqual(["256", 0]);
  // Its socket is looked at again when the time is over.
  it.timers.fire();
  expect(it.timers.now()).toBe(100 as never);
  expect(until("300")).toBe(1);
  for (let count = 1; count <= 400; count++) it.notified.mutter(`STATUS=again ${count}`);
  it.notifications.settle(it.definition.name);
  expect(it.record.status).toBe("again 400");
});
