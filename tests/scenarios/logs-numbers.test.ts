import { expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { shell } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

const RUNS = 101;
const LINES = 2500;
/** How many signals a run is written through. */
const STORM = 10;
/** In which runs the disk is full, and in which a reload changes the sink; what a full disk has refused would be given up by that. */
const isFull = (run: number): boolean => run % 20 === 0;
const isChanged = (run: number): boolean => run % 5 === 1;

const isRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--mount"];
const canMount = Bun.spawnSync([...UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]).success;
const noDisk = skipReason("a full disk", [[canMount, "file systems cannot be mounted"]]) !== null;

/** Every run writes the lines "RUN 1", "RUN 2" and so on, in stretches that cut lines, when it is given its number. */
function writerText(place: TestPlace, log: string): string {
  const written = place.path("written");
  const script = `exec 3<> ${place.path("fifo")}; read -r run <&3; seq -f "$run %.0f" ${LINES}; echo "$run" > ${written}; exec sleep 1000`;
  return shell(script, `[log]\nmax_size = "4KiB"\nkeep = 1000\n${log}`);
}

/** The files of a log in the order in which they were written. */
function filesOf(directory: string, name: string): readonly string[] {
  const indexOf = (file: string): number => Number(file.slice(name.length + 1) || "0");
  return readdirSync(directory)
    .filter((file) => file.startsWith(name))
    .toSorted((left, right) => indexOf(right) - indexOf(left));
}

/** Fills the disk until nothing more has room; the returned function makes room again. */
function fill(directory: string): () => void {
  const path = join(directory, "filler");
  const fd = openSync(path, "w");
  try {
    for (const size of [65_536, 4096]) {
      try {
        while (writeSync(fd, Buffer.alloc(size)) === size);
      } catch {
        // ENOSPC
      }
    }
  } finally {
    closeSync(fd);
  }
  return () => rmSync(path);
}

/** true: the last line of the run is in a file, or in memory as no file takes it. */
async function isTaken(supervisor: TestSupervisor, directory: string, run: number): Promise<boolean> {
  const line = `${run} ${LINES}`;
  const kept = await (await supervisor.request("GET", "/v1/services/writer/logs?lines=1")).text();
  const files = readdirSync(directory).filter((name) => name.endsWith(".log"));
  return kept.includes(line) || files.some((name) => endsWith(join(directory, name), `${line}\n`));
}

function endsWith(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8").endsWith(text);
  } catch {
    // In the middle of a rotation.
    return false;
  }
}

async function lostLines(supervisor: TestSupervisor): Promise<number> {
  const text = await (await supervisor.request("GET", "/metrics")).text();
  const counts = text.matchAll(/^daemonsup_service_log_lost_lines_total\{service="writer",.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

test.skipIf(noDisk)(
  "of numbered lines each is there once or counted, through rotations, restarts, full disks, storms of SIGUSR1 and other sinks",
  async () => {
    using place = new TestPlace({});
    const disk = place.path("disk");
    mkdirSync(disk);
    await Bun.$`mkfifo ${place.path("fifo")}`.quiet();
    writeFileSync(place.path("written"), "");
    // Open all the time, so that what is written waits for the next run.
    const fifo = openSync(place.path("fifo"), "r+");
    const sinks = [
      `file = "${disk}/a.log"\nstamp = "none"`,
      `file = "${disk}/b.log"\nstamp = "unix"`,
      `file = "${disk}/c.log"\nstamp = "tai64n"`,
    ];
    place.write("writer.toml", writerText(place, sinks[0] ?? ""));
    const script = 'mount -t tmpfs -o size=16m none "$0" && exec "$@"';
    await using supervisor = await place.start({ wrapper: [...UNSHARE, "sh", "-c", script, disk] });
    const inside = `/proc/${supervisor.supervisorPid}/root${disk}`;
    for (let run = 1; run <= RUNS; run++) {
      const makeRoom = isFull(run) ? fill(inside) : null;
      writeSync(fifo, `${run}\n`);
      for (let signal = 0; signal < STORM; signal++) {
        process.kill(supervisor.pid, "SIGUSR1");
        await new Promise((resolve) => void setImmediate(resolve));
      }
      if (isChanged(run)) {
        place.write("writer.toml", writerText(place, sinks[Math.ceil(run / 5) % sinks.length] ?? ""));
        expect((await supervisor.command("reload")).code).toBe(0);
      }
      await untilTrue(() => place.read("written") === `${run}\n`);
      await untilTrue(() => isTaken(supervisor, inside, run));
      makeRoom?.();
      expect((await supervisor.request("POST", "/v1/services/writer/restart", {})).status).toBe(200);
      const isWritten = (): boolean => place.ownLog().split("is written again").length > run / 20;
      if (isFull(run)) await untilTrue(isWritten);
    }
    expect((await supervisor.command("stop", "writer")).code).toBe(0);
    closeSync(fifo);
    const seen = new Set<string>();
    const outOfOrder: string[] = [];
    let rotations = 0;
    let lines = 0;
    for (const name of ["a.log", "b.log", "c.log"]) {
      const files = filesOf(inside, name);
      rotations += files.length - 1;
      const last = new Map<string, number>();
      for (const file of files) {
        expect(statSync(join(inside, file)).size).toBeLessThanOrEqual(4096);
        for (const line of readFileSync(join(inside, file), "utf8").split("\n").slice(0, -1)) {
          const [, run = "", number = ""] = /(?:^|\d\.\d{6} |^@[0-9a-f]{24} )(\d+) (\d+)$/.exec(line) ?? [];
          if (Number(number) <= (last.get(run) ?? 0)) outOfOrder.push(`${file}: ${line}`);
          last.set(run, Number(number));
          seen.add(`${run} ${number}`);
          lines++;
        }
      }
    }
    expect(outOfOrder).toEqual([]);
    expect(seen.size).toBe(lines);
    // They are told of a moment later.
    let lost = 0;
    await untilTrue(async () => lines + (lost = await lostLines(supervisor)) === RUNS * LINES);
    expect(lost).toBeGreaterThan(0);
    expect(rotations).toBeGreaterThan(1000);
  },
  120_000,
);
