import { describe, expect, test } from "bun:test";
import { watchedWorld } from "./watched-world.ts";

/** How often the service is restarted, which changes files before and after each restart, once somebody has changed one. */
function restartsOf(
  it: ReturnType<typeof watchedWorld>,
  { beforeIt, afterIt }: { beforeIt?: () => void; afterIt: () => void },
): number {
  it.up();
  it.change("/srv/app/a.ts");
  for (let round = 0; round < 10; round++) {
    it.silence();
    if (it.acted.length === round) break;
    beforeIt?.();
    it.state("stopping");
    it.starting();
    it.state("up");
    afterIt();
  }
  return it.acted.length;
}

describe("what a service changes itself", () => {
  test("while it is restarted because of a change does not restart it again, and is said once of each file", () => {
    const it = watchedWorld();
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
    const it = watchedWorld();
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
    const it = watchedWorld();
    it.up();
    it.change("/srv/app/state.db");
    it.changeUnseen("/srv/app/core");
    it.state("backoff");
    it.silence();
    expect(it.acted).toEqual([]);
  });

  test("right after each restart restarts it a few times, then no more, and what others change still does", () => {
    const it = watchedWorld();
    const afterIt = (): void => {
      it.change("/srv/app/cache");
      // Told just as the silence ends: still the same one.
      it.changeUnseen("/srv/app/cache.db");
    };
    expect(restartsOf(it, { afterIt })).toBe(6);
    expect(it.reports.filter((report) => report.startsWith("warning"))).toHaveLength(1);
    it.timers.time += 5_000;
    it.change("/srv/app/a.ts");
    it.silence();
    expect(it.acted).toHaveLength(7);
  });

  test("between a change and the restart for it is not counted as one more time", () => {
    const it = watchedWorld();
    const beforeIt = (): void => it.change("/srv/app/cache.db");
    const afterIt = (): void => it.change("/srv/app/cache");
    expect(restartsOf(it, { beforeIt, afterIt })).toBe(6);
  });

  test("when it is told to reload lets it reload a few times, then no more", () => {
    const it = watchedWorld();
    it.up({ action: "reload" });
    for (let round = 0; round < 10; round++) {
      it.change("/srv/app/cache");
      it.silence();
    }
    expect(it.acted).toHaveLength(6);
  });

  test("by somebody else some time after each restart restarts it each time", () => {
    const it = watchedWorld();
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
    const it = watchedWorld();
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
