import { describe, expect, test } from "bun:test";
import type { ProcessRow } from "../../src/supervisor/ports.ts";
import { lookAtFamily } from "../../src/supervisor/family.ts";
import { LiteralMachine, OWN_PID } from "./literal-machine.ts";

/** "web" runs as 201, and every further child of the supervisor above 500 is an orphan of it, once it was met. */
function familyOfWeb() {
  const machine = new LiteralMachine();
  machine.start(201);
  machine.start(301);
  const met = new Set<number>();
  const look = () =>
    lookAtFamily("web", {
      processes: machine,
      roots: () => [201, ...met].map((pid) => machine.row(pid)).filter((row): row is ProcessRow => row !== null),
      meetOrphans() {
        for (const pid of machine.childrenOf(OWN_PID) ?? []) if (pid > 500) met.add(pid);
      },
    });
  /** What was seen, or null. */
  const seen = (): readonly number[] | null => {
    const found = look();
    const rows = found?.snapshot.closure(found.roots.get("web") ?? []).map((row) => row.pid);
    return rows?.toSorted((left, right) => left - right) ?? null;
  };
  /** Does this once, when the children of that process are about to be read. */
  const before = (pid: number, act: () => void): void => {
    machine.onChildren = (read) => {
      if (read !== pid) return;
      machine.onChildren = null;
      act();
    };
  };
  return { machine, look, seen, before };
}

describe("a look at one service", () => {
  test("finds what hangs below its main process and its orphans, and this process, and reads no table", () => {
    const { machine, look, seen } = familyOfWeb();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 202 });
    machine.start(302, { parent: 301 });
    machine.start(501);
    machine.start(204, { parent: 501 });
    expect(seen()).toEqual([201, 202, 203, 204, 501]);
    expect([look()?.snapshot.get(OWN_PID)?.pid, look()?.snapshot.get(301)]).toEqual([OWN_PID, undefined]);
    expect(machine.looks).toBe(0);
  });

  test("finds what becomes an orphan during it", () => {
    const { machine, seen, before } = familyOfWeb();
    machine.start(202, { parent: 201 });
    machine.start(503, { parent: 202 });
    before(202, () => machine.end(202));
    expect(seen()).toEqual([201, 503]);
  });

  test("finds what a process within the service has been handed, after that was looked at", () => {
    const { machine, seen, before } = familyOfWeb();
    machine.start(202, { parent: 201 });
    machine.start(203, { parent: 202 });
    before(202, () => {
      machine.handOver(203, 201);
      machine.end(202);
    });
    expect(seen()).toEqual([201, 203]);
  });

  test("finds that also if the one who leaves it has ended without being reaped", () => {
    const { machine, seen, before } = familyOfWeb();
    machine.start(202, { parent: 201 });
    machine.start(203, { parent: 202 });
    before(201, () => {
      const children = machine.childrenOf(201);
      machine.childrenOf = () => {
        // 201 has been read as the parent of 202 alone; from now on everything is as it is.
        Reflect.deleteProperty(machine, "childrenOf");
        machine.handOver(203, 201);
        machine.becomeZombie(202);
        machine.handOver(202, 201);
        return children;
      };
    });
    machine.childrenOf(201);
    expect(seen()).toEqual([201, 202, 203]);
  });

  test("takes no child for the service's of a process that has been given the number of one that ended", () => {
    const { machine, seen, before } = familyOfWeb();
    machine.start(202, { parent: 201 });
    before(202, () => {
      machine.end(202);
      machine.start(202, { parent: 1 });
      machine.start(999, { parent: 202 });
    });
    expect(seen()).toEqual([201]);
  });

  test("takes no stranger for the service's that has been given the number of a child", () => {
    const { machine, seen } = familyOfWeb();
    machine.start(202, { parent: 201 });
    machine.childrenOf = (pid) => {
      Reflect.deleteProperty(machine, "childrenOf");
      const children = machine.childrenOf(pid);
      machine.end(202);
      machine.start(202, { parent: 1 });
      return children;
    };
    expect(seen()).toEqual([201]);
  });

  test("is content with processes that have ended and stay so", () => {
    const { machine, seen } = familyOfWeb();
    machine.start(202, { parent: 201 });
    machine.becomeZombie(202);
    machine.handOver(202, 201);
    expect(seen()).toEqual([201, 202]);
  });

  test("gives up where things move all the time, where children cannot be told, and where there are very many", () => {
    const moving = familyOfWeb();
    moving.machine.start(202, { parent: 201 });
    moving.machine.onChildren = (pid) => {
      if (pid !== 202) return;
      moving.machine.end(202);
      moving.machine.start(202, { parent: 201 });
    };
    expect(moving.seen()).toBeNull();

    const silent = familyOfWeb();
    silent.machine.childrenOf = () => null;
    expect(silent.seen()).toBeNull();

    const many = familyOfWeb();
    for (let pid = 1_000; pid < 1_300; pid++) many.machine.start(pid, { parent: 201 });
    expect(many.seen()).toBeNull();
  });
});
