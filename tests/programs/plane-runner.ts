/*
 * Goes on with the output that was left in the directory named third, into the file named first, rotated at the size named
 * second, until its pipe has ended. With a fourth word, descriptor 3 is that pipe; without, it is found by its name. To be killed at any
 * moment, and started again.
 */
import { planePorts } from "../../src/daemon-plane.ts";
import { Compressors } from "../../src/log/compressors.ts";
import { DataPlane } from "../../src/log/data-plane.ts";
import { fileSink, policyOf } from "../log/plane-harness.ts";

const [file = "", size = "", directory = "", name = ""] = process.argv.slice(2);
const ended = Promise.withResolvers<void>();
const compressors = new Compressors(() => {
  throw new Error("nothing is compressed here");
});
const inherited = new Map(name === "" ? [] : [[name, 3]]);
const estate = { hold: () => undefined, release: () => undefined, inherit: () => inherited, flush: () => undefined };
const files = { directory, boot: "this one", estate };
const ports = planePorts({ compressors, syslogPath: "/dev/null", home: "/", files });
const plane = new DataPlane({ ...ports, close: () => ended.resolve() }, ({ message }) => console.error(message));
plane.configure("a", policyOf([fileSink({ maxSize: Number(size), keep: 10_000 })]), file);
plane.resume();
await ended.promise;
process.exit(0);
