import { openSync, writeSync } from "node:fs";
import { loadNative } from "../../src/os/native.ts";
import { Spawner } from "../../src/os/spawn.ts";
import { openStateMapping } from "../../src/os/state-mapping.ts";

/*
 * Starts and ends "services" without a pause until it is killed, noting each step in a state mapping as a supervisor does,
 * and writes one byte to descriptor 1 after each. Arguments: path of the mapping, and a word by which its children are known.
 */
const [path = "", word = ""] = process.argv.slice(2);
const opening = openStateMapping(path, { bootId: "boot", pid: process.pid });
if (opening.tag === "failed") throw new Error(opening.message);
const nothing = openSync("/dev/null", "r+");
const spawner = new Spawner();
const native = loadNative();

const slots = Array.from({ length: 5 }, (_, index) => {
  const allocation = opening.mapping.allocate(`service-${index}`);
  if (allocation.tag === "failed") throw new Error(allocation.reason);
  return allocation.slot;
});
const pidfds = new Map<number, number>();

for (let turn = 0; ; turn++) {
  const index = turn % slots.length;
  const slot = slots[index];
  if (slot === undefined) continue;
  const pidfd = pidfds.get(index);
  if (pidfd !== undefined) {
    native.discard(pidfd);
    slot.exited(null);
  }
  slot.intent(crypto.randomUUID().replaceAll("-", ""), native.bootNanoseconds());
  const result = spawner.spawn(
    {
      path: "/bin/sleep",
      argv: ["sleep", "30"],
      env: [`CHURNER=${word}`],
      directory: "/",
      stdin: null,
      stdout: nothing,
      stderr: nothing,
      passed: [],
      umask: 0o022,
      nice: null,
      oomScoreAdjust: null,
      limits: [],
      noNewPrivileges: false,
      goesFirst: true,
      credentials: null,
      record: slot.address,
    },
    10_000,
  );
  if (result.tag === "failed") throw new Error(`${result.stage}: ${result.errno}`);
  pidfds.set(index, result.pidfd);
  writeSync(1, ".");
}
