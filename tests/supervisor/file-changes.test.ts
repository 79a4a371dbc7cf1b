import { describe, expect, test } from "bun:test";
import { FileChanges } from "../../src/supervisor/file-changes.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { LiteralTimers } from "./literal-timers.ts";

const SETTINGS = "/services.d/daemonsup.toml";

/** Files whose marks are what the test says; to look at one takes as long as `takes` says. */
function watchedFiles(read: Readonly<Record<string, string>>) {
  const timers = new LiteralTimers();
  const onDisk = new Map(Object.entries(read));
  const looked: string[] = [];
  const world = {
    timers,
    onDisk,
    looked,
    takes: 0,
    /** Set: looks do not end before it does. */
    held: null as Promise<void> | null,
    files: new FileChanges(read, SETTINGS, {
      now: () => timers.now(),
      timers,
      async markOf(path) {
        looked.push(path);
        await world.held;
        timers.time += world.takes;
        return onDisk.get(path) ?? "none";
      },
    }),
  };
  return world;
}

const WEB = literalDefinition({
  name: "web",
  source: "/services.d/web.toml",
  environmentFiles: [{ path: "/etc/web.env", optional: true }],
});
const DB = literalDefinition({ name: "db", source: "/services.d/db.toml" });
const READ = { "/services.d/web.toml": "1", "/services.d/db.toml": "1", "/etc/web.env": "none", [SETTINGS]: "1" };

describe("a service", () => {
  test.each(["/services.d/web.toml", "/etc/web.env", SETTINGS])(
    "is changed with %s, and no longer once that is read",
    async (path) => {
      const { files, onDisk } = watchedFiles(READ);
      await files.look([WEB, DB]);
      expect([files.isChanged(WEB), files.isChanged(DB)]).toEqual([false, false]);
      onDisk.set(path, "2");
      await files.look([WEB, DB]);
      expect([files.isChanged(WEB), files.isChanged(DB)]).toEqual([true, path === SETTINGS]);
      files.accept({ ...READ, [path]: "2" });
      await files.look([WEB, DB]);
      expect([files.isChanged(WEB), files.isChanged(DB)]).toEqual([false, false]);
    },
  );

  test("is not changed any more when its file is what it was", async () => {
    const { files, onDisk } = watchedFiles(READ);
    onDisk.set("/services.d/db.toml", "2");
    await files.look([DB]);
    onDisk.set("/services.d/db.toml", "1");
    await files.look([DB]);
    expect(files.isChanged(DB)).toBe(false);
  });

  test("is looked at alone if it alone is shown", async () => {
    const { files, looked } = watchedFiles(READ);
    await files.look([DB]);
    expect(looked.toSorted()).toEqual([SETTINGS, "/services.d/db.toml"]);
  });
});

describe("many services", () => {
  const many = Array.from({ length: 50 }, (_, index) => literalDefinition({ source: `/services.d/${index}.toml` }));
  const read = Object.fromEntries(many.map(({ source }) => [source, "1"]));

  test("are looked at again only after a while, a long one if that takes long", async () => {
    const world = watchedFiles(read);
    const { files, looked, timers } = world;
    world.takes = 1;
    await files.look(many);
    const once = looked.length;
    await files.look(many);
    expect([once, looked.length]).toEqual([50, 50]);
    timers.time += 60_000;
    await files.look(many);
    expect(looked.length).toBe(100);
  });

  test("are shown as they were seen last if their file system does not answer", async () => {
    const world = watchedFiles(read);
    const { files, timers, onDisk } = world;
    onDisk.set("/services.d/7.toml", "2");
    const released = Promise.withResolvers<void>();
    world.held = released.promise;
    const looking = files.look(many);
    timers.fire();
    await looking;
    expect(many.filter((each) => files.isChanged(each))).toEqual([]);
    // Nobody waits a second time.
    await files.look(many);
    expect(world.looked.length).toBe(50);
    released.resolve();
    await Bun.sleep(0);
    expect(many.filter((each) => files.isChanged(each)).map(({ source }) => source)).toEqual(["/services.d/7.toml"]);
  });

  test("do not take what was seen before a reload for what was changed after it", async () => {
    const world = watchedFiles(read);
    const released = Promise.withResolvers<void>();
    world.held = released.promise;
    world.onDisk.set("/services.d/7.toml", "2");
    const looking = world.files.look(many);
    world.files.accept({ ...read, "/services.d/7.toml": "2" });
    released.resolve();
    await looking;
    expect(many.filter((each) => world.files.isChanged(each))).toEqual([]);
  });
});
