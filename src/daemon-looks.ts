/* Fits threads to what looks at the files of services. Part of the composition root. */
import { hostname } from "node:os";
import type { Definition } from "./core/definition.ts";
import type { DirectFiles } from "./core/direct-output.ts";
import { logFilesOf } from "./core/log-policy.ts";
import { standardLogFileOf, timers } from "./daemon-ports.ts";
import { makeWorker } from "./daemon-worker.ts";
import { closeFd } from "./os/signalling.ts";
import { findGroup, findUser } from "./os/user-database.ts";
import { LookThreads, lookThreadOf } from "./supervisor/look-threads.ts";
import { RunFiles } from "./supervisor/run-files.ts";

export function makeRunFiles(logDirectory: string): RunFiles {
  const threads = new LookThreads(timers, (listener) =>
    lookThreadOf(makeWorker(new URL("./look-worker.ts", import.meta.url)), listener),
  );
  return new RunFiles({
    timers,
    host: hostname,
    look: (request, done) => threads.look(request, done),
    outputOf: (definition) => directFilesOf(definition, logDirectory),
    closeFd,
  });
}

/** The files that the service writes itself, for its user; null: it writes none. */
function directFilesOf({ name, log, user, group }: Definition, logDirectory: string): DirectFiles | null {
  if (log.direct === null) return null;
  const files = logFilesOf(log, standardLogFileOf(name, logDirectory));
  const stdout = files.find(({ sink }) => sink.streams.includes("stdout"))?.path;
  const stderr = files.find(({ sink }) => sink.streams.includes("stderr"))?.path;
  if (stdout === undefined) throw new Error("internal error: a service writes a file that it does not have");
  const entry = user === null ? null : findUser(user);
  const gid = group === null ? entry?.gid : (findGroup(group) ?? entry?.gid);
  return {
    stdout,
    stderr: log.isJoined || stderr === stdout ? null : (stderr ?? null),
    owner: entry === null || gid === undefined ? null : { uid: entry.uid, gid },
  };
}
