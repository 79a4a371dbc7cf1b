import { describe, expect, test } from "bun:test";
import type { WatchPolicy } from "../../src/core/life-policies.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { ServiceState } from "../../src/core/service-state.ts";
import { millis } from "../../src/core/units.ts";
import { type FileNews, Watches } from "../../src/supervisor/watches.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { STATES, type StateTag } from "../core/literal-states.ts";
import { LiteralTimers } from "./literal-timers.ts";

const POLICY: WatchPolicy = { paths: ["/srv/app"], debounce: millis(300), action: "restart" };
const READYING: ServiceState = { ...STATES.starting, phase: "ready" };

/** Services that watch, and files that change when the test says so. */
function world(refusal: string | null = null) {
  const timers = new LiteralTimers();
  const records = new Map<string, ServiceRecord>();
  const watched = new Map<string, readonly string[]>();
  const acted: string[] = [];
  const reports: string[] = [];
  const pending: FileNews[] = [];
  let ready: (() => void) | null = null;
  let isClosed = false;
  let busyFor = 0;
  const watches = new Watches({
    clock: timers,
    timers,
    annotate(service, word, data) {
      const record = records.get(service);
      if (record !== undefined) records.set(service, { ...record, beside: data === null ? {} : { [word]: data } });
    },
    report: (severity, message) => void reports.push(`${severity}: ${message}`),
    output: { watch: (_fd, listen) => (ready = listen), unwatch: () => (ready = null) },
    openFiles() {
      if (refusal !== null) return refusal;
      return {
        fd: 9,
        watch: (owner, paths) => (paths.length === 0 ? watched.delete(owner) : watched.set(owner, paths)),
        take() {
          busyFor = Math.max(0, busyFor - 1);
          return pending.splice(0);
        },
        get isBusy() {
          return busyFor > 0;
        },
        close: () => void (isClosed = true),
      };
    },
    restart: (service) => void acted.push(`restart ${service}`),
    reload: (service) => void acted.push(`reload ${service}`),
  });
  function become(service: string, change: Partial<ServiceRecord>): void {
    const previous = records.get(service) ?? newRecord(literalDefinition({ name: service }), timers.wall());
    const record = { ...previous, ...change };
    records.set(service, record);
    watches.changed(record, previous);
    timers.turns();
  }
  return {
    timers,
    records,
    watched,
    acted,
    reports,
    watches,
    become,
    isClosed: () => isClosed,
    isBusy: () => busyFor > 0,
    /** So many turns are needed until all is watched. */
    beBusy: (turns: number) => (busyFor = turns),
    /** A service that watches and is up. */
    up(policy: Partial<WatchPolicy> = {}, service = "web"): void {
      const definition = literalDefinition({ name: service, watch: { ...POLICY, ...policy } });
      become(service, { definition, want: "up", state: READYING });
      become(service, { state: STATES.up });
    },
    state: (tag: StateTag) => become("web", { state: STATES[tag] }),
    starting: () => become("web", { state: READYING }),
    /** Files change, and nobody has been told yet. */
    changeUnseen(...paths: readonly string[]): void {
      pending.push(...paths.map((path): FileNews => ({ tag: "changed", owner: "web", path })));
    },
    change(...paths: readonly string[]): void {
      this.changeUnseen(...paths);
      const listen = ready;
      ready = null;
      listen?.();
    },
    fail(message: string): void {
      pending.push({ tag: "unseen", owner: "web", message });
    },
    /** The silence is over. */
    silence(): void {
      while (timers.fire()) timers.turns();
    },
  };
}

describe("a change of a watched file", () => {
  test("restarts the service once nothing more has changed for a while, and the log names the first file", () => {
    const { timers, ...it } = world();
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
    const { timers, acted, ...it } = world();
    it.up();
    it.change("/srv/app/a.ts");
    it.changeUnseen("/srv/app/b.ts");
    timers.fire();
    expect([timers.waiting, acted]).toEqual([[300], []]);
    timers.fire();
    expect(acted).toEqual(["restart web"]);
  });

  test("lets the service reload, where that is what is asked for", () => {
    const it = world();
    it.up({ action: "reload" });
    it.change("/srv/app/a.conf");
    it.silence();
    it.change("/srv/app/a.conf");
    it.silence();
    expect(it.acted).toEqual(["reload web", "reload web"]);
  });

  test("does not count while the service reloads", () => {
    const it = world();
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
    const it = world();
    const definition = literalDefinition({ watch: POLICY });
    it.become("web", { definition, want: "up", state: READYING });
    it.change("/srv/app/a.ts");
    it.state("up");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
  });

  test("starts a service at once that waits for its next attempt", () => {
    const it = world();
    it.up({ action: "reload" });
    it.state("backoff");
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
    expect(it.reports).toEqual([expect.stringContaining("starting it")]);
  });
});

describe("what a service changes itself", () => {
  test("while it is restarted because of a change does not restart it again, and is said once of each file", () => {
    const it = world();
    it.up();
    it.change("/srv/app/a.ts");
    it.silence();
    for (let round = 0; round < 2; round++) {
      // Something else of the record changes before it is ended.
      it.become("web", { want: "up", since: it.timers.wall() });
      it.state("stopping");
      it.change("/srv/app/web.pid");
      it.state("launching");
      it.starting();
      it.change("/srv/app/web.pid");
      it.state("up");
      it.silence();
      expect(it.acted).toHaveLength(round + 1);
      it.change("/srv/app/a.ts");
      it.silence();
    }
    expect(it.reports.filter((report) => report.startsWith("info"))).toEqual([
      'info: web: "/srv/app/web.pid" changed while it was restarted: not restarted again for that',
    ]);
  });

  test("on its way up is told apart from what changes afterwards, though both are told late", () => {
    const it = world();
    it.up();
    it.change("/srv/app/a.ts");
    it.silence();
    it.state("stopping");
    it.starting();
    it.changeUnseen("/srv/app/web.pid");
    it.state("up");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
  });

  test("before it fails does not spare it the wait for its next attempt", () => {
    const it = world();
    it.up();
    it.change("/srv/app/state.db");
    it.changeUnseen("/srv/app/core");
    it.state("backoff");
    it.silence();
    expect(it.acted).toEqual([]);
  });

  test("right after each restart restarts it a few times, then no more, and what others change still does", () => {
    const it = world();
    it.up();
    it.change("/srv/app/a.ts");
    for (let round = 0; round < 10; round++) {
      it.silence();
      if (it.acted.length === round) break;
      it.state("stopping");
      it.starting();
      it.state("up");
      it.change("/srv/app/cache");
      // Told just as the silence ends: still the same one.
      it.changeUnseen("/srv/app/cache.db");
    }
    expect(it.acted).toHaveLength(6);
    expect(it.reports.filter((report) => report.startsWith("warning"))).toHaveLength(1);
    it.timers.time += 5_000;
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toHaveLength(7);
  });

  test("between a change and the restart for it is not counted as one more time", () => {
    const it = world();
    it.up();
    it.change("/srv/app/a.ts");
    for (let round = 0; round < 10; round++) {
      it.silence();
      if (it.acted.length === round) break;
      it.change("/srv/app/cache.db");
      it.state("stopping");
      it.starting();
      it.state("up");
      it.change("/srv/app/cache");
    }
    expect(it.acted).toHaveLength(6);
  });

  test("when it is told to reload lets it reload a few times, then no more", () => {
    const it = world();
    it.up({ action: "reload" });
    for (let round = 0; round < 10; round++) {
      it.change("/srv/app/cache");
      it.silence();
    }
    expect(it.acted).toHaveLength(6);
  });

  test("by somebody else some time after each restart restarts it each time", () => {
    const it = world();
    it.up();
    for (let round = 1; round < 20; round++) {
      it.change("/srv/app/a.ts");
      it.silence();
      expect(it.acted).toHaveLength(round);
      it.state("stopping");
      it.starting();
      it.state("up");
      it.timers.time += 5_000;
    }
  });

  test("while it is ended does not count", () => {
    const it = world();
    it.up();
    it.change("/srv/app/a.ts");
    it.state("stopping");
    it.change("/srv/app/b.ts");
    it.state("launching");
    it.starting();
    it.state("up");
    it.silence();
    expect(it.acted).toEqual([]);
  });
});

describe("files are watched", () => {
  test("as long as the service is not at rest", () => {
    const it = world();
    const definition = literalDefinition({ watch: POLICY });
    it.become("web", { definition, want: "up" });
    expect(it.watched.size).toBe(0);
    it.state("launching");
    expect(it.watched).toEqual(new Map([["web", ["/srv/app"]]]));
    it.state("down");
    expect(it.watched.size).toBe(0);
  });

  test("where the definition says so now", () => {
    const it = world();
    it.up();
    it.become("web", { definition: literalDefinition({ watch: { ...POLICY, paths: ["/etc/app"] } }) });
    expect(it.watched).toEqual(new Map([["web", ["/etc/app"]]]));
    it.change("/etc/app/x");
    it.become("web", { definition: literalDefinition() });
    it.silence();
    expect([it.watched.size, it.acted]).toEqual([0, []]);
  });

  test("until the service is forgotten, or the supervisor ends", () => {
    const it = world();
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
    const it = world();
    it.beBusy(10);
    it.up();
    expect(it.isBusy()).toBe(false);
  });

  test("not for one that is forgotten before they are", () => {
    const it = world();
    const definition = literalDefinition({ watch: POLICY });
    const record = newRecord(definition, it.timers.wall());
    it.watches.changed({ ...record, want: "up", state: READYING }, record);
    it.watches.forgotten("web");
    it.timers.turns();
    expect(it.watched.size).toBe(0);
  });

  test("only if somebody asks for it", () => {
    const it = world("EMFILE");
    it.become("web", { state: STATES.up });
    expect(it.reports).toEqual([]);
  });

  test("or it is said, once, that none can be", () => {
    const it = world("EMFILE");
    it.up();
    it.up({}, "db");
    expect(it.reports).toEqual(["err: cannot watch files: EMFILE"]);
  });

  test("or it is said which not", () => {
    const it = world();
    it.fail('cannot watch all of "/srv/app": too much');
    it.up();
    expect(it.reports).toEqual(['warning: web: cannot watch all of "/srv/app": too much']);
  });
});

describe("over the death of the supervisor", () => {
  function successorOf(before: ReturnType<typeof world>) {
    const it = world();
    for (const [service, record] of before.records) {
      it.records.set(service, record);
      it.watches.adopted(record);
    }
    it.timers.turns();
    return it;
  }

  test("files go on to be watched, and a change restarts the service", () => {
    const before = world();
    before.up();
    const it = successorOf(before);
    expect(it.watched).toEqual(new Map([["web", ["/srv/app"]]]));
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
  });

  test("a change whose silence was not over is not forgotten", () => {
    const before = world();
    before.up();
    before.change("/srv/app/a.ts");
    const it = successorOf(before);
    it.silence();
    expect(it.acted).toEqual(["restart web"]);
    expect(it.records.get("web")?.beside).toEqual({ watch: { restarts: true } });
  });

  test("what changes in a restart that a change had brought about does not restart it again", () => {
    const before = world();
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
