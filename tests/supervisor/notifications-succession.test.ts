import { describe, expect, test } from "bun:test";
import { NOTIFY, type Predecessor, notifiedLife, running, started } from "./notified-life.ts";

describe("over the death of the supervisor", () => {
  function successorOf(before: Predecessor) {
    const it = notifiedLife({}, before);
    it.notifications.adopted(it.record);
    it.notifications.allAdopted();
    return it;
  }

  test("what waits in the socket is heard by the successor, and the socket goes with the run", () => {
    const before = started();
    before.mutter("READY=1");
    const it = successorOf(before);
    it.hear();
    expect([it.heard, it.told]).toEqual([["goes on with /run/notify/11"], ["web ready"]]);
    it.backoff();
    expect([it.open.size, it.estate.manifest.size, it.record.beside]).toEqual([0, 0, {}]);
  });

  test("what was read but not dealt with to its end is heard once more", () => {
    const before = started();
    before.onTell = () => {
      throw new Error("killed");
    };
    expect(() => before.say("READY=1")).toThrow("killed");
    const it = successorOf(before);
    it.hear();
    expect(it.told).toEqual(["web ready"]);
    it.hear();
    expect(it.told).toEqual(["web ready"]);
  });

  test("what a service has said before its exec was known to have succeeded counts after that", () => {
    const before = notifiedLife();
    before.notifications.equip(before.definition, "run-1");
    before.execing();
    before.say("READY=1");
    const it = successorOf(before);
    it.starting();
    expect(it.told).toEqual(["web ready"]);
  });

  test("what it has said of itself stays, and is added to", () => {
    const before = running();
    before.say("STATUS=fine");
    const it = successorOf(before);
    it.say("ERRNO=98");
    expect(it.record.status).toBe("fine (error EADDRINUSE)");
  });

  test("whom it lets speak goes on to be heard", () => {
    const before = running();
    before.say("NOTIFYACCESS=all");
    const it = successorOf(before);
    it.say("STATUS=from another", { from: 202 });
    expect(it.record.status).toBe("from another");
  });

  test("a reload that is going on has what was left of its time", () => {
    const before = running();
    before.say("RELOADING=1\nMONOTONIC_USEC=0");
    before.timers.time += 1000;
    const it = successorOf(before);
    expect(it.timers.waiting).toEqual([4000]);
    it.timers.fire();
    expect(it.record.reloading).toBe(false);
  });

  test("where the socket is lost as well, another one takes its place", () => {
    const before = running();
    for (const name of [...before.estate.manifest.keys()]) before.estate.release(name);
    const it = successorOf(before);
    it.say("STATUS=still here");
    expect([it.heard, it.record.status, [...it.estate.manifest.keys()]]).toEqual([
      [],
      "still here",
      ["notify /run/notify/11"],
    ]);
  });

  test("what is waited for that was lost with the socket is taken to have been said", () => {
    const before = started(NOTIFY);
    for (const name of [...before.estate.manifest.keys()]) before.estate.release(name);
    const it = notifiedLife(NOTIFY, before);
    it.notifications.adopted(it.record);
    expect(it.told).toEqual([]);
    it.timers.fire();
    expect(it.told).toEqual(["web ready"]);
    expect(it.reports).toEqual(["info: web: whether it is ready may have been said to nobody, and is taken to be so"]);
  });

  test("where that cannot be, it is said, and nothing else is lost", () => {
    const before = running();
    for (const name of [...before.estate.manifest.keys()]) before.estate.release(name);
    const it = notifiedLife({}, before);
    it.notified.failure = 'cannot make "/run/notify/11": EACCES';
    it.notifications.adopted(it.record);
    expect(it.reports).toEqual(['err: web: cannot hear it any more: cannot make "/run/notify/11": EACCES']);
  });

  test("a socket of a run that nobody goes on with is closed", () => {
    const before = running();
    const it = notifiedLife({}, before);
    it.notifications.allAdopted();
    expect([it.open.size, it.estate.manifest.size]).toEqual([0, 0]);
  });
});
