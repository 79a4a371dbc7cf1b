/* Services with [watch], and files that change below their paths. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { shell } from "./definitions.ts";
import { TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

const SLEEP = "exec sleep 1000000";

/** How often it has come up anew since it ran as `first`. */
function restartsOf(supervisor: TestSupervisor, first: number | null): number {
  const ups = supervisor.events.filter(
    ({ service, event, state }) => service === "web" && event === "state" && state === "up",
  );
  return new Set(ups.map(({ pid }) => pid).filter((pid) => pid !== first)).size;
}

/** Waits until it is up as another process than before. */
async function replaced(supervisor: TestSupervisor, before: number | null): Promise<number | null> {
  return (await supervisor.until("web", ({ state, pid }) => state === "up" && pid !== before)).pid;
}

function placeWith(script: string, watch: string): TestPlace {
  const place = new TestPlace({});
  mkdirSync(place.path("app", "src"), { recursive: true });
  writeFileSync(place.path("app", "src", "a.ts"), "");
  place.write("web.toml", shell(script, `[watch]\n${watch.replaceAll("APP", place.path("app"))}`));
  return place;
}

describe("a service that watches files", () => {
  test("is restarted when one changes, is replaced, is made or is removed, once for all that changes together", async () => {
    // Long enough for all that changes together, also where the test is held up in the middle of it.
    const place = placeWith(SLEEP, 'paths = ["APP"]\ndebounce = "300ms"');
    await using supervisor = await place.start();
    const first = (await supervisor.until("web", ({ state }) => state === "up")).pid;
    let pid = first;
    const source = (name: string): string => place.path("app", "src", name);
    const changes: readonly (() => void)[] = [
      () => {
        for (let number = 0; number < 50; number++) writeFileSync(source("a.ts"), String(number));
      },
      () => {
        writeFileSync(source("a.ts.new"), "new");
        renameSync(source("a.ts.new"), source("a.ts"));
      },
      () => {
        mkdirSync(place.path("app", "src", "deep"));
        writeFileSync(source("deep/b.ts"), "");
      },
      () => writeFileSync(source("deep/b.ts"), "new"),
      () => rmSync(place.path("app", "src", "deep"), { recursive: true }),
    ];
    for (const [index, change] of changes.entries()) {
      change();
      pid = await replaced(supervisor, pid);
      // An answer may overtake the events that led to it.
      await untilTrue(() => restartsOf(supervisor, first) > index);
      expect(restartsOf(supervisor, first)).toBe(index + 1);
    }
  });

  test("is not restarted by what it writes before it is ready", async () => {
    const place = placeWith(SLEEP, 'paths = ["APP"]');
    const more = `[ready]\nfd = 3\n[watch]\npaths = ["${place.path("app")}"]\ndebounce = "20ms"`;
    place.write("web.toml", shell(`echo $$ > "${place.path("app", "web.pid")}"; echo >&3; ${SLEEP}`, more));
    await using supervisor = await place.start();
    const first = (await supervisor.until("web", ({ state }) => state === "up")).pid;
    let pid = first;
    const rounds = 4;
    for (let round = 0; round < rounds; round++) {
      writeFileSync(place.path("app", "src", "a.ts"), String(round));
      pid = await replaced(supervisor, pid);
    }
    // What it wrote at its very first start may have been anybody's.
    expect(restartsOf(supervisor, first)).toBeLessThanOrEqual(rounds + 1);
  });

  test("is not restarted for ever by what it writes after each start", async () => {
    const place = placeWith(SLEEP, 'paths = ["APP"]');
    const file = place.path("app", "web.pid");
    const watch = (path: string): string => `[watch]\npaths = ["${place.path(path)}"]\ndebounce = "10ms"`;
    // It writes once it counts as up: before that it would be known for its own doing.
    const untilUp = `until grep -q "web: up (pid $$)" "${place.path("log", "daemonsup.log")}"; do sleep 0.02; done`;
    place.write("web.toml", shell([untilUp, `echo $$ > "${file}"`, SLEEP].join("\n"), watch("app")));
    place.write("other.toml", shell(SLEEP, watch("other")));
    await using supervisor = await place.start();
    const { pid: other } = await supervisor.until("other", ({ state }) => state === "up");
    await supervisor.until("web", ({ state }) => state === "up");
    // What it wrote at its very first start may have been too early to be seen.
    writeFileSync(place.path("app", "src", "a.ts"), "new");
    await place.logged(`web: "${file}" changed while it was restarted: not restarted again for that`);
    const { pid } = await supervisor.service("web");
    // What is changed after it, and has been acted on, shows that nothing came of that.
    writeFileSync(place.path("other"), "");
    await supervisor.until("other", (view) => view.state === "up" && view.pid !== other);
    expect((await supervisor.service("web")).pid).toBe(pid);
    // It is believed six times that somebody else has changed the file.
    expect(place.ownLog().match(/ web: up /g)).toHaveLength(7);
  });

  test("is told to reload, where that is what is asked for", async () => {
    const script = `trap 'echo reloaded' HUP; echo begun; while :; do sleep 0.05; done`;
    const place = placeWith(script, 'paths = ["APP/src/a.ts"]\naction = "reload"\ndebounce = "20ms"');
    await using supervisor = await place.start();
    await supervisor.line("web", (text) => text === "begun");
    const { pid } = await supervisor.service("web");
    writeFileSync(place.path("app", "src", "a.ts"), "new");
    await supervisor.line("web", (text) => text === "reloaded");
    expect((await supervisor.service("web")).pid).toBe(pid);
  });

  test("is started at once when it waits after a failure", async () => {
    const place = placeWith(SLEEP, 'paths = ["APP"]\ndebounce = "20ms"');
    const fix = place.path("app", "fixed");
    const more = `[restart]\ndelay = "1d"\n[watch]\npaths = ["${place.path("app")}"]\ndebounce = "20ms"`;
    place.write("web.toml", shell(`[ -e "${fix}" ] || exit 1; ${SLEEP}`, more));
    await using supervisor = await place.start();
    await supervisor.until("web", ({ state }) => state === "backoff");
    writeFileSync(fix, "");
    await supervisor.until("web", ({ state }) => state === "up");
  });

  test("may have its paths changed by a reload, without a restart", async () => {
    const place = placeWith(SLEEP, 'paths = ["APP/nothing"]\ndebounce = "20ms"');
    await using supervisor = await place.start();
    const { pid } = await supervisor.until("web", ({ state }) => state === "up");
    place.write("web.toml", shell(SLEEP, `[watch]\npaths = ["${place.path("app")}"]\ndebounce = "20ms"`));
    expect((await supervisor.command("reload")).code).toBe(0);
    expect((await supervisor.service("web")).pid).toBe(pid);
    writeFileSync(place.path("app", "src", "a.ts"), "new");
    await replaced(supervisor, pid);
  });
});
