import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addToEpoll, EpollWaiter, openEpoll } from "../../src/os/epoll.ts";
import { PathWatch } from "../../src/os/path-watch.ts";
import { closeFd } from "../../src/os/signalling.ts";

let top = "";
const watches: PathWatch[] = [];

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "daemonsup-watch-")));
});
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
  rmSync(top, { recursive: true });
});

function open(most?: number): PathWatch {
  const watch = PathWatch.open(most);
  if (typeof watch === "string") throw new Error(watch);
  watches.push(watch);
  return watch;
}

function at(...parts: readonly string[]): string {
  return join(top, ...parts);
}

/** Makes a file, with the directories that it needs. */
function make(...parts: readonly string[]): string {
  const path = at(...parts);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  return path;
}

/** What has changed since the last call, each path once: the kernel tells of a change before the call that made it returns. */
function changes(watch: PathWatch): readonly string[] {
  const paths = watch.take().map((news) => (news.tag === "changed" ? news.path.replace(`${top}/`, "") : news.message));
  return [...new Set(paths)];
}

/** The same until everything is watched. */
function takeAll(watch: PathWatch): readonly string[] {
  const paths = new Set(changes(watch));
  while (watch.isBusy) for (const path of changes(watch)) paths.add(path);
  return [...paths];
}

/** How many the kernel knows of. */
function watchesOfKernel({ fd }: PathWatch): number {
  return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").split("inotify wd:").length - 1;
}

/** Watches one path. */
function watching(...parts: readonly string[]): PathWatch {
  const watch = open();
  watch.watch("web", [at(...parts)]);
  expect(changes(watch)).toEqual([]);
  return watch;
}

describe("a watched file", () => {
  test.each<[string, (path: string) => void]>([
    ["is written", (path) => writeFileSync(path, "new")],
    ["is written at its end", (path) => appendFileSync(path, "more")],
    ["is removed", (path) => rmSync(path)],
    ["is moved away", (path) => renameSync(path, `${path}.away`)],
    [
      "is replaced by a rename, as editors do",
      (path) => {
        writeFileSync(`${path}.new`, "new");
        renameSync(`${path}.new`, path);
      },
    ],
    [
      "is moved away and written anew, as other editors do",
      (path) => {
        renameSync(path, `${path}~`);
        writeFileSync(path, "new");
      },
    ],
  ])("that %s has changed, and goes on being watched", (_what, change) => {
    const path = make("etc", "web.conf");
    const watch = watching("etc", "web.conf");
    change(path);
    expect(changes(watch)).toEqual(["etc/web.conf"]);
    writeFileSync(path, "again");
    expect(changes(watch)).toEqual(["etc/web.conf"]);
  });

  test("that is read, has its mode or times changed, or lies beside one that is written, has not changed", () => {
    const path = make("etc", "web.conf");
    const watch = watching("etc", "web.conf");
    closeSync(openSync(path, "r"));
    chmodSync(path, 0o600);
    utimesSync(path, 1, 1);
    make("etc", "other.conf");
    expect(changes(watch)).toEqual([]);
  });

  test("that is still open for writing has not changed yet", () => {
    const path = make("web.conf");
    const watch = watching("web.conf");
    const fd = openSync(path, "a");
    appendFileSync(fd, "more");
    expect(changes(watch)).toEqual([]);
    closeSync(fd);
    expect(changes(watch)).toEqual(["web.conf"]);
  });

  test("wakes whoever waits for its descriptor", () => {
    const path = make("web.conf");
    const watch = watching("web.conf");
    const epoll = openEpoll();
    const waiter = new EpollWaiter(epoll);
    addToEpoll(epoll, watch.fd, false);
    expect([...waiter.wait(0)]).toEqual([]);
    writeFileSync(path, "new");
    expect([...waiter.wait(Number.POSITIVE_INFINITY)]).toEqual([watch.fd]);
    changes(watch);
    expect([...waiter.wait(0)]).toEqual([]);
    closeFd(epoll);
  });
});

describe("a watched path that does not exist yet", () => {
  test("changes when it is made, however many directories are missing on the way", () => {
    const watch = watching("a", "b", "c", "web.conf");
    mkdirSync(at("a", "b"), { recursive: true });
    mkdirSync(at("a", "x"));
    expect(changes(watch)).toEqual([]);
    make("a", "b", "c", "web.conf");
    expect(changes(watch)).toEqual(["a/b/c/web.conf"]);
    rmSync(at("a"), { recursive: true });
    expect(changes(watch)).toEqual(["a/b/c/web.conf"]);
    make("a", "b", "c", "web.conf");
    expect(changes(watch)).toEqual(["a/b/c/web.conf"]);
  });

  test("changes when a directory that contains it is moved into place", () => {
    const watch = watching("app", "conf", "web.conf");
    make("app.new", "conf", "web.conf");
    expect(changes(watch)).toEqual([]);
    renameSync(at("app.new"), at("app"));
    expect(changes(watch)).toEqual(["app/conf/web.conf"]);
    writeFileSync(at("app", "conf", "web.conf"), "new");
    expect(changes(watch)).toEqual(["app/conf/web.conf"]);
  });
});

describe("a directory on the way to a watched path", () => {
  test("that is replaced by another one changes it", () => {
    make("app", "conf", "deep", "web.conf");
    const watch = watching("app", "conf", "deep", "web.conf");
    renameSync(at("app"), at("app.old"));
    make("app", "conf", "deep", "web.conf");
    expect(changes(watch)).toEqual(["app/conf/deep/web.conf"]);
    writeFileSync(at("app", "conf", "deep", "web.conf"), "new");
    expect(changes(watch)).toEqual(["app/conf/deep/web.conf"]);
    writeFileSync(at("app.old", "conf", "deep", "web.conf"), "new");
    expect(changes(watch)).toEqual([]);
  });

  test("that is a link changes it when it is turned to another release", () => {
    make("releases", "1", "web.conf");
    make("releases", "2", "web.conf");
    symlinkSync("releases/1", at("current"));
    const watch = watching("current", "web.conf");
    symlinkSync("releases/2", at("next"));
    renameSync(at("next"), at("current"));
    expect(changes(watch)).toEqual(["current/web.conf"]);
    writeFileSync(at("releases", "2", "web.conf"), "new");
    expect(changes(watch)).toEqual(["current/web.conf"]);
    writeFileSync(at("releases", "1", "web.conf"), "new");
    expect(changes(watch)).toEqual([]);
  });

  test("may be a link to a link, and the file one through it, as in a mounted volume of configuration", () => {
    make("volume", "..2026", "web.conf");
    symlinkSync("..2026", at("volume", "..data"));
    symlinkSync("..data/web.conf", at("volume", "web.conf"));
    symlinkSync(at("volume"), at("etc"));
    const watch = watching("etc", "web.conf");
    make("volume", "..2027", "web.conf");
    symlinkSync("..2027", at("volume", "..next"));
    renameSync(at("volume", "..next"), at("volume", "..data"));
    expect(changes(watch)).toEqual(["etc/web.conf"]);
  });

  test("may be a link to itself", () => {
    symlinkSync("loop", at("loop"));
    const watch = watching("loop", "web.conf");
    rmSync(at("loop"));
    make("loop", "web.conf");
    expect(changes(watch)).toEqual(["loop/web.conf"]);
  });
});

describe("below a watched directory", () => {
  test("every file counts, also in directories that are made later", () => {
    make("src", "app.ts");
    make("src", "deep", "er", "part.ts");
    const watch = watching("src");
    writeFileSync(at("src", "app.ts"), "new");
    writeFileSync(at("src", "deep", "er", "part.ts"), "new");
    expect(changes(watch)).toEqual(["src/app.ts", "src/deep/er/part.ts"]);
    make("src", "later", "on", "file.ts");
    expect(changes(watch)).toContain("src/later");
    writeFileSync(at("src", "later", "on", "file.ts"), "new");
    expect(changes(watch)).toEqual(["src/later/on/file.ts"]);
    rmSync(at("src", "deep"), { recursive: true });
    expect(changes(watch)).toContain("src/deep/er/part.ts");
  });

  test("a directory that is moved in counts from then on, one that is moved out no longer", () => {
    make("src", "old", "in", "a.ts");
    make("outside", "new", "in", "b.ts");
    const watch = watching("src");
    const before = watch.size;
    renameSync(at("src", "old"), at("outside", "old"));
    expect(changes(watch)).toEqual(["src/old"]);
    writeFileSync(at("outside", "old", "in", "a.ts"), "new");
    expect([changes(watch), watch.size]).toEqual([[], before - 2]);
    renameSync(at("outside", "new"), at("src", "new"));
    expect(changes(watch)).toEqual(["src/new"]);
    writeFileSync(at("src", "new", "in", "b.ts"), "new");
    expect([changes(watch), watch.size]).toEqual([["src/new/in/b.ts"], before]);
    renameSync(at("src", "new"), at("src", "newer"));
    expect(changes(watch)).toEqual(["src/new", "src/newer"]);
    writeFileSync(at("src", "newer", "in", "b.ts"), "new");
    expect(changes(watch)).toEqual(["src/newer/in/b.ts"]);
  });

  test("a great many directories are watched in several goes, and nothing is missed meanwhile", () => {
    for (let number = 0; number < 600; number++)
      mkdirSync(at("src", `d${number % 20}`, String(number)), { recursive: true });
    const watch = open();
    watch.watch("web", [at("src")]);
    expect([watch.isBusy, watch.size < 600]).toEqual([true, true]);
    expect(takeAll(watch)).toEqual([]);
    // All is looked at again: what is watched stays so until that is done.
    renameSync(at("src"), at("away"));
    renameSync(at("away"), at("src"));
    expect([changes(watch), watch.isBusy]).toEqual([["src"], true]);
    for (let number = 0; number < 600; number++) writeFileSync(at("src", `d${number % 20}`, String(number), "x"), "");
    expect(takeAll(watch)).toHaveLength(600);
    expect(watchesOfKernel(watch)).toBe(watch.size);
    watch.watch("web", []);
    expect([watch.size, watch.isBusy]).toEqual([0, false]);
  });

  test("counts, and what is written beside it wakes nobody", () => {
    mkdirSync(at("src"));
    const beside = make("log");
    const watch = watching("src");
    const epoll = openEpoll();
    const waiter = new EpollWaiter(epoll);
    addToEpoll(epoll, watch.fd, false);
    appendFileSync(beside, "line");
    expect([...waiter.wait(0)]).toEqual([]);
    make("src", "app.ts");
    expect([...waiter.wait(0)]).toEqual([watch.fd]);
    closeFd(epoll);
  });

  test("what repositories and editors do for themselves does not count", () => {
    make("src", ".git", "index");
    const watch = watching("src");
    writeFileSync(at("src", ".git", "index"), "new");
    for (const name of [".app.ts.swp", "app.ts~", "4913", ".#app.ts", "#app.ts#"]) make("src", name);
    expect(changes(watch)).toEqual([]);
  });

  test("links are not followed, so that one to the directory itself does no harm", () => {
    make("src", "app.ts");
    make("elsewhere", "b.ts");
    symlinkSync(".", at("src", "self"));
    symlinkSync("../elsewhere", at("src", "elsewhere"));
    const watch = watching("src");
    writeFileSync(at("elsewhere", "b.ts"), "new");
    expect(changes(watch)).toEqual([]);
    rmSync(at("src", "elsewhere"));
    expect(changes(watch)).toEqual(["src/elsewhere"]);
  });

  test("nothing counts any more once it is moved away, and everything once it is back", () => {
    make("src", "app.ts");
    const watch = watching("src");
    renameSync(at("src"), at("away"));
    expect(changes(watch)).toEqual(["src"]);
    writeFileSync(at("away", "app.ts"), "new");
    expect(changes(watch)).toEqual([]);
    renameSync(at("away"), at("src"));
    expect(changes(watch)).toEqual(["src"]);
    writeFileSync(at("src", "app.ts"), "new");
    expect(changes(watch)).toEqual(["src/app.ts"]);
  });

  test("more may happen than the kernel can tell: then all of it has changed, and is still watched", () => {
    mkdirSync(at("src"));
    const watch = watching("src");
    const limit = 16_384;
    const fds = [make("src", "a"), make("src", "b")];
    // Two names in turn, or the kernel would take them for one event.
    for (let round = 0; round <= limit / 2 + 1; round++) for (const path of fds) closeSync(openSync(path, "a"));
    mkdirSync(at("src", "unseen"));
    expect(changes(watch)).toContain("src");
    writeFileSync(at("src", "unseen", "c"), "new");
    expect(changes(watch)).toEqual(["src/unseen/c"]);
  });
});

describe("several owners", () => {
  test("may watch the same directory, and each is told of its own paths", () => {
    make("etc", "web.conf");
    make("etc", "db.conf");
    const watch = open();
    watch.watch("web", [at("etc", "web.conf"), at("etc")]);
    watch.watch("db", [at("etc", "db.conf")]);
    writeFileSync(at("etc", "db.conf"), "new");
    const told = watch.take().map((news) => news.owner);
    expect([...new Set(told)].toSorted()).toEqual(["db", "web"]);
    watch.watch("web", []);
    writeFileSync(at("etc", "web.conf"), "new");
    expect(changes(watch)).toEqual([]);
    writeFileSync(at("etc", "db.conf"), "new");
    expect(changes(watch)).toEqual(["etc/db.conf"]);
  });

  test("leave nothing watched when they are gone", () => {
    make("src", "deep", "er", "part.ts");
    const watch = watching("src");
    expect(watch.size).toBeGreaterThan(3);
    expect(watchesOfKernel(watch)).toBe(watch.size);
    watch.watch("web", []);
    expect([watch.size, watchesOfKernel(watch)]).toEqual([0, 0]);
  });

  test("may have their paths changed", () => {
    make("a", "x");
    make("b", "x");
    const watch = watching("a");
    watch.watch("web", [at("b")]);
    writeFileSync(at("a", "x"), "new");
    writeFileSync(at("b", "x"), "new");
    expect(changes(watch)).toEqual(["b/x"]);
  });
});

describe("what cannot be watched", () => {
  test("because there is too much of it is said once, and the rest is watched", () => {
    const watch = open(20);
    for (let number = 0; number < 30; number++) make("src", `d${number}`, "x");
    watch.watch("web", [at("src")]);
    const news = watch.take();
    const message = `cannot watch all of "${at("src")}": more than 20 directories are watched`;
    expect(news).toEqual([{ tag: "unseen", owner: "web", message }]);
    expect(watch.size).toBe(20);
    make("src", "y");
    make("src", "later", "x");
    expect(changes(watch)).toEqual(["src/y", "src/later"]);
  });

  test.skipIf(process.getuid?.() === 0)("because it may not be read is said", () => {
    make("src", "secret", "x");
    chmodSync(at("src", "secret"), 0);
    const watch = open();
    watch.watch("web", [at("src")]);
    expect(changes(watch)).toEqual([`cannot watch all of "${at("src")}": EACCES: ${at("src", "secret")}`]);
    chmodSync(at("src", "secret"), 0o700);
  });
});
