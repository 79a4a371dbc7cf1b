import { describe, expect, test } from "bun:test";
import { newRecord } from "../../src/core/service-record.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES } from "../core/literal-states.ts";
import { POLICY, READYING, watchedWorld } from "./watched-world.ts";

describe("a change of a watched file", () => {
  test("restarts the service once nothing more has changed for a while, and the log names the first file", () => {
    const { timers, ...it } = watchedWorld();
    it.up();
    it.change("/srv/app/a.ts");
    expect(timers.waiting).toEqual([300]);
    timers.time += 200;
    it.change("/srv/app/b.ts", "/srv/app/a.ts", "/srv/app/c.ts");
    expect([timers.waiting, it.acted]).toEqual([[300], []]);
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
    expect(it.reports).toEqual(['notice: web: "/srv/app/a.ts" and 2 others changed: restarting it']);
  });

  test("that has not been told yet when the silence ends begins it anew", () => {
    const { timers, acted, ...it } = watchedWorld();
    it.up();
    it.change("/srv/app/a.ts");
    it.changeUnseen("/srv/app/b.ts");
    timers.fire();
    expect([timers.waiting, acted]).toEqual([[300], []]);
    timers.fire();
    expect(acted).toEqual(["restart web"]);
  });

  test("lets the service reload, where that is what is asked for", () => {
    const it = watchedWorld();
    it.up({ action: "reload" });
    it.change("/srv/app/a.conf");
    it.silence();
    it.change("/srv/app/a.conf");
    it.silence();
    expect(it.acted).toEqual(["reload web", "reload web"]);
  });

  test("does not count while the service reloads", () => {
    const it = watchedWorld();
    it.up({ action: "reload" });
    it.become("web", { reloading: true });
    it.change("/srv/app/a.conf");
    it.become("web", { reloading: false });
    it.silence();
    expect(it.acted).toEqual([]);
    it.change("/srv/app/a.conf");
    it.silence();
    expect(it.acted).toEqual(["reload web"]);
  });

  test("counts while the service is on its way up", () => {
    const it = watchedWorld();
    const definition = literalDefinition({ watch: POLICY });
    it.become("web", { definition, want: "up", state: READYING });
    it.change("/srv/app/a.ts");
    it.state("up");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
  });

  test("starts a service at once that waits for its next attempt", () => {
    const it = watchedWorld();
    it.up({ action: "reload" });
    it.state("backoff");
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
    expect(it.reports).toEqual([expect.stringContaining("starting it")]);
  });
});

describe("files are watched", () => {
  test("as long as the service is not at rest", () => {
    const it = watchedWorld();
    const definition = literalDefinition({ watch: POLICY });
    it.become("web", { definition, want: "up" });
    expect(it.watched.size).toBe(0);
    it.state("launching");
    expect(it.watched).toEqual(new Map([["web", ["/srv/app"]]]));
    it.state("down");
    expect(it.watched.size).toBe(0);
  });

  test("where the definition says so now", () => {
    const it = watchedWorld();
    it.up();
    it.become("web", { definition: literalDefinition({ watch: { ...POLICY, paths: ["/etc/app"] } }) });
    expect(it.watched).toEqual(new Map([["web", ["/etc/app"]]]));
    it.change("/etc/app/x");
    it.become("web", { definition: literalDefinition() });
    it.silence();
    expect([it.watched.size, it.acted]).toEqual([0, []]);
  });

  test("until the service is forgotten, or the supervisor ends", () => {
    const it = watchedWorld();
    it.up();
    it.change("/srv/app/a.ts");
    it.watches.forgotten("web");
    it.silence();
    expect([it.watched.size, it.acted, it.isClosed()]).toEqual([0, [], false]);
    it.up();
    it.change("/srv/app/a.ts");
    it.watches.close();
    it.silence();
    expect([it.acted, it.isClosed()]).toEqual([[], true]);
  });

  test("some in each turn, until all of them are", () => {
    const it = watchedWorld();
    it.beBusy(10);
    it.up();
    expect(it.isBusy()).toBe(false);
  });

  test("not for one that is forgotten before they are", () => {
    const it = watchedWorld();
    const definition = literalDefinition({ watch: POLICY });
    const record = newRecord(definition, it.timers.wall());
    it.watches.changed({ ...record, want: "up", state: READYING }, record);
    it.watches.forgotten("web");
    it.timers.turns();
    expect(it.watched.size).toBe(0);
  });

  test("only if somebody asks for it", () => {
    const it = watchedWorld("EMFILE");
    it.become("web", { state: STATES.up });
    expect(it.reports).toEqual([]);
  });

  test("or it is said, once, that none can be", () => {
    const it = watchedWorld("EMFILE");
    it.up();
    it.up({}, "db");
    expect(it.reports).toEqual(["err: cannot watch files: EMFILE"]);
  });

  test("or it is said which not", () => {
    const it = watchedWorld();
    it.fail('cannot watch all of "/srv/app": too much');
    it.up();
    expect(it.reports).toEqual(['warning: web: cannot watch all of "/srv/app": too much']);
  });
});

describe("over the death of the supervisor", () => {
  function successorOf(before: ReturnType<typeof watchedWorld>) {
    const it = watchedWorld();
    for (const [service, record] of before.records) {
      it.records.set(service, record);
      it.watches.adopted(record);
    }
    it.timers.turns();
    return it;
  }

  test("files go on to be watched, and a change restarts the service", () => {
    const before = watchedWorld();
    before.up();
    const it = successorOf(before);
    expect(it.watched).toEqual(new Map([["web", ["/srv/app"]]]));
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
  });

  test("a change whose silence was not over is not forgotten", () => {
    const before = watchedWorld();
    before.up();
    before.change("/srv/app/a.ts");
    const it = successorOf(before);
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
    expect(it.records.get("web")?.beside).toEqual({ watch: { restarts: true } });
  });

  test("what changes in a restart that a change had brought about does not restart it again", () => {
    const before = watchedWorld();
    before.up();
    before.change("/srv/app/a.ts");
    before.silence();
    before.state("stopping");
    before.starting();
    const it = successorOf(before);
    it.change("/srv/app/a.pid");
    it.silence();
    expect(it.acted).toEqual([]);
    it.become("web", { state: STATES.up });
    expect(it.records.get("web")?.beside).toEqual({});
  });
});
