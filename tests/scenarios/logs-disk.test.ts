import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { program, shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, untilTrue } from "./test-supervisor.ts";

const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];
const canMount = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]).success;
/** Lines for which there is no room, neither in the file nor in memory: some are lost. */
const TOO_MANY = 300;
const noDisk = skipReason("a full disk", [[canMount, "file systems cannot be mounted"]]) !== null;

test.skipIf(noDisk)(
  "a full disk stops neither the service nor its neighbour, and writing goes on by itself when there is room",
  async () => {
    using place = new TestPlace({});
    const disk = place.path("disk");
    mkdirSync(disk);
    const fifo = place.path("fifo");
    const log = (name: string): string => `[log]\nstamp = "none"\nfile = "${disk}/${name}.log"`;
    place.write("writer.toml", shell(`mkfifo ${fifo}; exec 0<> ${fifo}; echo ready; exec cat`, log("writer")));
    place.write("neighbour.toml", shell("echo hello; exec sleep 1000"));
    const script = 'mount -t tmpfs -o size=64k none "$0" && head -c 61440 /dev/zero > "$0/filler" && exec "$@"';
    await using supervisor = await place.start({ wrapper: [...UNSHARE, "sh", "-c", script, disk] });
    await supervisor.line("writer", (text) => text === "ready");
    const before = await supervisor.service("writer");
    // What the supervisor's mount namespace has there, seen from outside.
    const inside = `/proc/${supervisor.pid}/root${disk}`;
    const say = (text: string): void => writeFileSync(fifo, `${text}\n`, { flag: "r+" });

    for (let said = 0; said < TOO_MANY; said++) say(`line ${said} ${"x".repeat(90)}`);
    await supervisor.line("writer", (text) => text.startsWith(`line ${TOO_MANY - 1} `));
    await untilTrue(() => place.ownLog().includes("ENOSPC"));
    expect(await supervisor.service("writer")).toMatchObject({ state: "up", pid: before.pid });
    expect((await supervisor.service("neighbour")).state).toBe("up");
    const full = readFileSync(`${inside}/writer.log`, "utf8");
    expect(full).toEndWith("\n");

    rmSync(`${inside}/filler`);
    let number = TOO_MANY;
    const again = /is written again: (\d+) lines? w/;
    await untilTrue(() => {
      say(`line ${number++}`);
      return again.test(place.ownLog());
    });
    const lastLine = `line ${number - 1}\n`;
    await untilTrue(() => readFileSync(`${inside}/writer.log`, "utf8").endsWith(lastLine));
    const lines = readFileSync(`${inside}/writer.log`, "utf8").trimEnd().split("\n").slice(1);
    const numbers = lines.map((line) => Number(line.split(" ")[1]));
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    // Every line is there, or counted.
    const lost = Number(again.exec(place.ownLog())?.[1]);
    expect(lost).toBeGreaterThan(0);
    expect(new Set(numbers).size).toBe(number - lost);
    expect(numbers).toHaveLength(number - lost);
    const sample = `daemonsup_service_log_lost_lines_total{service="writer",sink="file",reason="failed"} ${lost}`;
    await untilTrue(async () => (await (await supervisor.request("GET", "/metrics")).text()).includes(`${sample}\n`));
    expect((await supervisor.service("writer")).pid).toBe(before.pid);
  },
);

test("two hundred services that write at the same time tear and mix no line, and lose none", async () => {
  using place = new TestPlace({});
  const names = Array.from({ length: 200 }, (_, index) => `writer-${index}`);
  for (const name of names)
    place.write(
      `${name}.toml`,
      program(["seq", "-f", `${name} %g`, "1000"], 'type = "oneshot"\n[log]\nstamp = "none"'),
    );
  await using supervisor = await place.start();
  for (const name of names) await supervisor.until(name, (view) => view.state === "done");
  for (const name of names) {
    const wanted = Array.from({ length: 1000 }, (_, index) => `${name} ${index + 1}\n`).join("");
    await untilTrue(() => place.read("log", `${name}.log`).length >= wanted.length);
    expect(place.read("log", `${name}.log`)).toBe(wanted);
  }
});
