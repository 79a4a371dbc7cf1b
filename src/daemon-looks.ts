/* Fits threads to what looks at the files of services. Part of the composition root. */
import { hostname } from "node:os";
import { timers } from "./daemon-ports.ts";
import { LookThreads, lookThreadOf } from "./supervisor/look-threads.ts";
import { RunFiles } from "./supervisor/run-files.ts";

export function makeRunFiles(): RunFiles {
  const threads = new LookThreads(timers, (listener) =>
    lookThreadOf(new Worker(new URL("./look-worker.ts", import.meta.url).href, { smol: true }), listener),
  );
  return new RunFiles({ timers, host: hostname, look: (request, done) => threads.look(request, done) });
}
