import { describe, expect, test } from "bun:test";
import type { Definition } from "../../src/core/definition.ts";
import type { SocketPolicy } from "../../src/core/life-policies.ts";
import { addressTextOf } from "../../src/core/listen-address.ts";
import { OWN_PID } from "../../src/core/own-pid.ts";
import type { ServiceEvent } from "../../src/core/service-event.ts";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import { FRESH_STREAK, type ServiceState } from "../../src/core/service-state.ts";
import type { Instant, WallTime } from "../../src/core/units.ts";
import type { PassedSocket, SocketPort } from "../../src/supervisor/held-sockets.ts";
import { Listeners } from "../../src/supervisor/listeners.ts";
import { literalDefinition } from "../core/literal-definition.ts";

const DOWN: ServiceState = { tag: "down", why: "never-started" };
const UP: ServiceState = { tag: "up", streak: FRESH_STREAK, startedAt: 0 as Instant, pid: 200, relayedAt: null };

/** Another one each time, as the fleet makes them. */
function waiting(on: "others" | "schedule" | "socket" = "socket"): ServiceState {
  return { tag: "waiting", streak: FRESH_STREAK, automatic: false, on, reason: "", pending: false };
}

function policy(port: number, change: Partial<SocketPolicy> = {}): SocketPolicy {
  return {
    name: `port${port}`,
    listen: { tag: "tcp", host: "127.0.0.1", port },
    backlog: 128,
    reusePort: false,
    mode: 0o660,
    owner: null,
    group: null,
    onDemand: false,
    ...change,
  };
}

const onDemand = (port: number): SocketPolicy => policy(port, { onDemand: true });

/** A kernel where an address can be open once, or not at all. */
class LiteralSockets implements SocketPort {
  /** What was done, in order: "opened 127.0.0.1:80 as 10". */
  readonly log: string[] = [];
  readonly taken = new Set<string>();
  #lastFd = 9;

  open(_service: string, asked: SocketPolicy): ReturnType<SocketPort["open"]> {
    const address = addressTextOf(asked.listen);
    if (this.taken.has(address)) return { tag: "failed", message: `cannot listen on "${address}": taken` };
    this.taken.add(address);
    const fd = ++this.#lastFd;
    this.log.push(`opened ${address} as ${fd}`);
    const socket: PassedSocket = {
      fd,
      adjust: (to) => {
        if (to.backlog !== asked.backlog) this.log.push(`backlog of ${fd}: ${to.backlog}`);
        return null;
      },
      handTo: (service) => void this.log.push(`${fd} goes to ${service}`),
      refresh: () => void this.log.push(`refreshed ${fd}`),
      close: () => {
        this.taken.delete(address);
        this.log.push(`closed ${fd}`);
      },
    };
    return { tag: "opened", socket };
  }

  closeUnclaimed(): void {
    this.log.push("closed what is nobody's");
  }

  /** What was done since the last call. */
  since(): readonly string[] {
    return this.log.splice(0);
  }
}

function scene() {
  const sockets = new LiteralSockets();
  const watched = new Map<number, () => void>();
  const told: [string, ServiceEvent][] = [];
  const reports: string[] = [];
  const stored: { name: string; fd: number }[] = [];
  const clock = { time: 0, now: () => clock.time as Instant };
  const records = new Map<string, ServiceRecord>();
  const listeners = new Listeners({
    sockets,
    output: { watch: (fd, ready) => void watched.set(fd, ready), unwatch: (fd) => void watched.delete(fd) },
    clock,
    report: (_severity, message) => void reports.push(message),
    tell: (service, event) => void told.push([service, event]),
    stored: () => stored,
  });
  return {
    ...{ sockets, watched, told, reports, stored, clock, listeners, records },
    /** Boots a service, or gives it another definition. */
    configure(definition: Definition): void {
      listeners.configured(definition);
      if (!records.has(definition.name)) records.set(definition.name, newRecord(definition, 0 as WallTime));
    },
    amend(change: Partial<ServiceRecord>, service = "web"): void {
      const before = records.get(service);
      if (before === undefined) throw new Error(`no service "${service}"`);
      const after = { ...before, ...change };
      records.set(service, after);
      listeners.changed(after, before);
    },
    /** Something arrives in the socket; the watch is over with it. */
    arrive(fd: number): void {
      const ready = watched.get(fd);
      watched.delete(fd);
      ready?.();
    },
  };
}

const web = (...sockets: readonly SocketPolicy[]): Definition => literalDefinition({ sockets });

describe("sockets of a service", () => {
  test("are open as soon as its definition is loaded, and are passed from 3 on in their order, stored ones after them", () => {
    const { listeners, configure, sockets, stored } = scene();
    configure(web(policy(80), policy(81)));
    expect(sockets.since()).toEqual(["opened 127.0.0.1:80 as 10", "opened 127.0.0.1:81 as 11"]);
    stored.push({ name: "kept", fd: 40 });
    expect(listeners.equip(web(policy(80), policy(81)))).toEqual({
      env: { LISTEN_PID: OWN_PID, LISTEN_FDS: "3", LISTEN_FDNAMES: "port80:port81:kept" },
      descriptors: [
        { fd: 10, as: 3 },
        { fd: 11, as: 4 },
        { fd: 40, as: 5 },
      ],
    });
    expect(sockets.since()).toEqual(["refreshed 10", "refreshed 11"]);
  });

  test("leave a service without any as it is", () => {
    const { listeners, configure } = scene();
    configure(web());
    expect(listeners.equip(web())).toEqual({ env: {}, descriptors: [] });
  });

  test("stay open over every end and start of it", () => {
    const { listeners, configure, amend, sockets } = scene();
    configure(web(policy(80)));
    sockets.since();
    for (const state of [
      UP,
      DOWN,
      waiting(),
      { tag: "done" },
      { tag: "failed", reason: "" },
    ] satisfies ServiceState[]) {
      amend({ state });
      listeners.equip(web(policy(80)));
    }
    expect(new Set(sockets.since())).toEqual(new Set(["refreshed 10"]));
  });

  test("that only the service has, as guardian and supervisor died together, are opened again once it has ended", () => {
    const { amend, configure, reports, sockets } = scene();
    sockets.taken.add("127.0.0.1:80");
    configure(web(policy(80)));
    amend({ state: UP });
    sockets.taken.clear();
    expect([reports.length, sockets.since()]).toEqual([1, []]);
    amend({ state: DOWN });
    expect(sockets.since()).toEqual(["opened 127.0.0.1:80 as 10"]);
    amend({ state: UP });
    amend({ state: DOWN });
    expect(sockets.since()).toEqual([]);
  });

  test("that cannot be opened are reported, fail its start, and are tried again at the next", () => {
    const { listeners, configure, sockets, reports } = scene();
    sockets.taken.add("127.0.0.1:80");
    configure(web(policy(80)));
    expect(reports).toEqual(['web: cannot listen on "127.0.0.1:80": taken; tried again when it starts']);
    expect(listeners.equip(web(policy(80)))).toBe('cannot listen on "127.0.0.1:80": taken');
    sockets.taken.clear();
    expect(listeners.equip(web(policy(80)))).toMatchObject({ descriptors: [{ fd: 10, as: 3 }] });
  });

  test("are closed when it is gone, and all of them at the end", () => {
    const { listeners, configure, sockets } = scene();
    configure(web(policy(80)));
    configure(literalDefinition({ name: "db", sockets: [policy(90)] }));
    sockets.since();
    listeners.forgotten("web");
    expect(sockets.since()).toEqual(["closed 10"]);
    listeners.close();
    expect(sockets.since()).toEqual(["closed 11"]);
  });
});

describe("a reload", () => {
  test("keeps the socket of an address that stays, also under another name", () => {
    const { configure, amend, sockets } = scene();
    configure(web(policy(80)));
    const renamed = web(policy(80, { name: "public", backlog: 7 }));
    configure(renamed);
    amend({ definition: renamed });
    expect(sockets.since()).toEqual(["opened 127.0.0.1:80 as 10", "backlog of 10: 7"]);
  });

  test("opens the new address at once, and closes the old one when no run has it any more", () => {
    const { configure, amend, sockets } = scene();
    configure(web(policy(80)));
    amend({ state: UP });
    sockets.since();
    const moved = web(policy(81));
    configure(moved);
    amend({ next: moved });
    expect(sockets.since()).toEqual(["opened 127.0.0.1:81 as 11"]);
    amend({ definition: moved, next: null, state: DOWN });
    expect(sockets.since()).toEqual(["closed 10"]);
  });

  test("closes what was asked for in between and is asked for no more", () => {
    const { configure, amend, sockets } = scene();
    const first = web(policy(80));
    configure(first);
    amend({ state: UP });
    configure(web(policy(81)));
    amend({ next: web(policy(81)) });
    sockets.since();
    configure(first);
    amend({ next: first });
    expect(sockets.since()).toEqual(["closed 11"]);
  });

  test("that gives a service another name hands its socket on without closing it", () => {
    const { listeners, configure, amend, sockets } = scene();
    configure(web(policy(80)));
    amend({ state: UP });
    sockets.since();
    amend({ removed: true });
    configure(literalDefinition({ name: "www", sockets: [policy(80)] }));
    listeners.forgotten("web");
    expect(sockets.since()).toEqual(["10 goes to www"]);
    expect(listeners.equip(literalDefinition({ name: "www", sockets: [policy(80)] }))).toMatchObject({
      descriptors: [{ fd: 10, as: 3 }],
    });
  });

  test("takes no socket from a service that asks for it", () => {
    const { configure, reports } = scene();
    configure(web(policy(80)));
    configure(literalDefinition({ name: "www", sockets: [policy(80)] }));
    expect(reports).toHaveLength(1);
  });
});

describe("a service on demand", () => {
  test("is told when something arrives in any of its sockets, once", () => {
    const { configure, amend, watched, told, arrive } = scene();
    configure(web(onDemand(80), policy(81), onDemand(82)));
    amend({ state: waiting() });
    expect([...watched.keys()]).toEqual([10, 12]);
    arrive(12);
    expect(told).toEqual([["web", { tag: "demanded" }]]);
    expect(watched.size).toBe(0);
  });

  test("is not watched while it waits for something else, runs, or rests", () => {
    const { configure, amend, watched } = scene();
    configure(web(onDemand(80)));
    expect(watched.size).toBe(0);
    const others = [UP, waiting("others"), waiting("schedule"), DOWN, { tag: "failed", reason: "" }] as const;
    for (const state of others) {
      amend({ state: waiting() });
      expect(watched.size).toBe(1);
      amend({ state });
      expect(watched.size).toBe(0);
    }
  });

  test("is watched on as long as nothing but a note of it changes", () => {
    const { configure, amend, watched, arrive, told } = scene();
    configure(web(onDemand(80)));
    amend({ state: waiting() });
    amend({ note: "a note" });
    expect(watched.size).toBe(1);
    arrive(10);
    amend({ note: "another" });
    expect([watched.size, told.length]).toEqual([0, 1]);
  });

  test("is watched at its new address when that changes while it waits", () => {
    const { configure, amend, watched, sockets } = scene();
    configure(web(onDemand(80)));
    amend({ state: waiting() });
    const moved = web(onDemand(81));
    configure(moved);
    amend({ definition: moved });
    expect([...watched.keys()]).toEqual([11]);
    expect(sockets.since().at(-1)).toBe("closed 10");
  });

  test("that does not take what arrives is given up, and whoever waits in its sockets is let go", () => {
    const { configure, amend, told, arrive, clock, sockets, watched } = scene();
    configure(web(onDemand(80)));
    for (let time = 0; time <= 20; time++) {
      clock.time = time * 99;
      amend({ state: waiting() });
      arrive(10);
      amend({ state: UP });
    }
    const reason = 'demanded more than 20 times within 2s: it ends without taking all that arrives on "127.0.0.1:80"';
    const tags: string[] = told.map(([, event]) => event.tag);
    expect(tags).toEqual([...Array.from({ length: 20 }, () => "demanded"), "give-up"]);
    expect(told.at(-1)).toEqual(["web", { tag: "give-up", reason }]);
    expect(sockets.since().at(-1)).toBe("closed 10");
    expect(watched.size).toBe(0);
    // Started anew, it has its sockets and all its attempts again.
    amend({ state: waiting() });
    arrive(11);
    expect(told.at(-1)).toEqual(["web", { tag: "demanded" }]);
  });

  test("may be demanded as often as anybody likes, if not too often in a row", () => {
    const { configure, amend, told, arrive, clock } = scene();
    configure(web(onDemand(80)));
    for (let time = 0; time < 100; time++) {
      clock.time = time * 100;
      amend({ state: waiting() });
      arrive(10);
      amend({ state: UP });
    }
    expect(told.every(([, event]) => event.tag === "demanded")).toBe(true);
    expect(told).toHaveLength(100);
  });

  test("whose socket cannot be opened is given up with the reason, and is not watched at the others", () => {
    const { configure, amend, told, sockets, watched } = scene();
    sockets.taken.add("127.0.0.1:81");
    configure(web(onDemand(80), onDemand(81)));
    amend({ state: waiting() });
    expect(told).toEqual([["web", { tag: "give-up", reason: 'cannot listen on "127.0.0.1:81": taken' }]]);
    expect(watched.size).toBe(0);
  });

  test("is not told any more when it is gone", () => {
    const { configure, amend, listeners, watched, sockets } = scene();
    configure(web(onDemand(80)));
    amend({ state: waiting() });
    listeners.forgotten("web");
    expect(watched.size).toBe(0);
    expect(sockets.since().at(-1)).toBe("closed 10");
  });
});

describe("over the death of the supervisor", () => {
  test("a service that waits for a connection goes on to wait for one, and is told of what waits already", () => {
    const { listeners, watched, told, arrive } = scene();
    const record = { ...newRecord(web(onDemand(80)), 0 as WallTime), state: waiting() };
    listeners.adopted(record);
    expect([...watched.keys()]).toEqual([10]);
    arrive(10);
    expect(told).toEqual([["web", { tag: "demanded" }]]);
  });

  test("sockets of the present run and of the next definition are open, and those that are nobody's are closed", () => {
    const { listeners, sockets, amend, records } = scene();
    const record = { ...newRecord(web(policy(80)), 0 as WallTime), next: web(policy(81)), state: UP };
    records.set("web", record);
    listeners.adopted(record);
    listeners.allAdopted();
    expect(sockets.since()).toEqual([
      "opened 127.0.0.1:80 as 10",
      "opened 127.0.0.1:81 as 11",
      "closed what is nobody's",
    ]);
    amend({ definition: web(policy(81)), next: null, state: DOWN });
    expect(sockets.since()).toEqual(["closed 10"]);
  });
});
