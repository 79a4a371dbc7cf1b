import { openSync } from "node:fs";
import { NativeBlock } from "../../src/os/native-block.ts";
import { loadNative } from "../../src/os/native.ts";

/*
 * Becomes another program by `relaunch` or `replace`. Arguments: which, the program and its arguments; and the variables
 * KEPT (a descriptor that survives) and SIGNAL_PIPE. HUP has a handler, PIPE and USR1 are ignored, USR2 is blocked.
 * On failure it writes the stage and the errno, and whether its handler for HUP still works.
 */
const [kind = "", path = "", ...args] = process.argv.slice(2);
const native = loadNative();
const heard = Promise.withResolvers<void>();
process.on("SIGHUP", () => heard.resolve());
native.setDisposition(10, true);
native.writeMask(1n << 11n);
openSync("/etc/passwd", "r");

const block = new NativeBlock();
const kept = process.env["KEPT"];
block.encodeRole({ path, argv: [path, ...args], env: ["ROLE=second"] }, kept === undefined ? [] : [Number(kept)]);
if (kind === "replace") {
  const errno = native.replace(block.address, Number(process.env["SIGNAL_PIPE"]));
  process.kill(process.pid, "SIGHUP");
  await heard.promise;
  process.stdout.write(`errno ${errno}, mask ${native.readMask()}, handler works\n`);
  process.exit(0);
}
const pid = native.relaunch(block.address);
process.stdout.write(`${process.pid} ${pid} ${block.stage} ${block.errno} mask ${native.readMask()}\n`);
process.exit(0);
