/*
 * Writes what comes out of the pipe on descriptor 3 to the file named first, rotated at the size named second, with an estate
 * on descriptors 4 and 5, until the pipe has ended. To be killed at any moment, and started again with the same descriptors.
 */
import { planePorts } from "../../src/daemon-plane.ts";
import { Compressors } from "../../src/log/compressors.ts";
import { DataPlane } from "../../src/log/data-plane.ts";
import { fileSink, policyOf } from "../log/plane-harness.ts";

const [file = "", size = ""] = process.argv.slice(2);
const ended = Promise.withResolvers<void>();
const compressors = new Compressors(() => {
  throw new Error("nothing is compressed here");
});
const ports = planePorts({ compressors, syslogPath: "/dev/null", home: "/" });
const plane = new DataPlane(
  {
    ...ports,
    openEstate: () => ({ journal: 4, carries: 5 }),
    unsettledPipeOf: (estate) => ports.unsettledPipeOf(estate, () => 3),
    close: (fd) => {
      if (fd === 3) ended.resolve();
    },
  },
  ({ message }) => console.error(message),
);
plane.configure("a", policyOf([fileSink({ maxSize: Number(size), keep: 10_000 })]), file);
plane.open({ run: 1, service: "a", pid: 1 }, [{ fd: 3, stream: "stdout" }]);
await ended.promise;
process.exit(0);
