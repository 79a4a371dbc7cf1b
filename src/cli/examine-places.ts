/* The directories that a supervisor keeps, and the room that is left for them. */
import { accessSync, constants, lstatSync, readdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, reasonOf } from "../config/read-file.ts";
import type { Directories } from "../core/paths.ts";
import { type Finding, fine } from "./finding.ts";

export interface Places {
  readonly directories: Directories;
  readonly uid: number;
  /** Names of the services that there are; null: not known. */
  readonly services: readonly string[] | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A disk with less room than this, in percent, is about to be full. */
const LITTLE_ROOM = 5;
/** Log files of services that are no more, and were not written for this long, are worth a word. */
const OLD_DAYS = 30;
const DAY = 86_400_000;

export function examinePlaces(places: Places): readonly Finding[] {
  const { runtime, state, log } = places.directories;
  return [
    directory("runtime directory", runtime, places.uid),
    directory("state directory", state, places.uid),
    directory("log directory", log, places.uid),
    ...roomBelow(log),
    ...oldLogs(places),
  ];
}

/** It is made when it is missing; what is there must be this user's own. */
function directory(about: string, path: string, uid: number): Finding {
  const quoted = JSON.stringify(path);
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return missing(about, path);
    if (!found.isDirectory())
      return {
        about,
        level: "problem",
        found: `${quoted} is no directory, and no supervisor can start`,
        mend: `rm ${path}`,
      };
    if (found.uid !== uid) {
      const mend = `run daemonsup as its owner, or say --name or other directories`;
      return { about, level: "problem", found: `${quoted} belongs to user ${found.uid}, not to you`, mend };
    }
    if ((found.mode & 0o022) !== 0)
      return { about, level: "problem", found: `${quoted} may be written by others`, mend: `chmod go-w ${path}` };
    return fine(about, path);
  } catch (error) {
    return { about, level: "problem", found: `${quoted}: ${reasonOf(errnoOf(error))}`, mend: null };
  }
}

function missing(about: string, path: string): Finding {
  let above = dirname(path);
  while (above !== "/" && statSync(above, { throwIfNoEntry: false }) === undefined) above = dirname(above);
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
    return fine(about, `${path}, made when it is needed`);
  } catch {
    const found = `${JSON.stringify(path)} is not there, and you may not make it in ${above}`;
    return { about, level: "problem", found, mend: `mkdir -p ${path} && chown "$USER" ${path}, as root` };
  }
}

/** Nothing is said of what is not there. */
function roomBelow(path: string): readonly Finding[] {
  try {
    const { bavail, blocks, bsize, ffree, files } = statfsSync(path);
    const room = Math.floor((bavail / Math.max(1, blocks)) * 100);
    const inodes = files === 0 ? 100 : Math.floor((ffree / files) * 100);
    const free = `${Math.floor((bavail * bsize) / 1024 ** 2)} MiB (${room} %) free`;
    if (room >= LITTLE_ROOM && inodes >= LITTLE_ROOM) return [fine("room for logs", free)];
    const found = `${free}, ${inodes} % of the inodes: when it is full, lines are kept in memory and then lost`;
    return [
      { about: "room for logs", level: "warning", found, mend: `find what takes it: du -xh --max-depth=1 ${path}` },
    ];
  } catch {
    return [];
  }
}

/** Logs stay when a service goes, until somebody takes them away. */
function oldLogs({ directories, services, now }: Places): readonly Finding[] {
  if (services === null) return [];
  const old = filesOf(directories.log).filter(({ name, changed }) => {
    const service = serviceOf(name);
    return service !== "daemonsup" && !services.includes(service) && now - changed > OLD_DAYS * DAY;
  });
  if (old.length === 0) return [];
  const size = old.reduce((sum, file) => sum + file.size, 0);
  const names = [...new Set(old.map(({ name }) => serviceOf(name)))].slice(0, 3).join(", ");
  const found = `${old.length} of services that are no more (${names}), ${Math.ceil(size / 1024 ** 2)} MiB, untouched for ${OLD_DAYS} days`;
  return [
    { about: "old log files", level: "note", found, mend: `look at ${directories.log}, and remove what nobody reads` },
  ];
}

/** "web" of web.log, web.log.1 and web.log.2.zst. */
function serviceOf(file: string): string {
  return file.replace(/\.log(\..*)?$/, "");
}

function filesOf(path: string): readonly { readonly name: string; readonly size: number; readonly changed: number }[] {
  try {
    return readdirSync(path)
      .filter((name) => /\.log(\.|$)/.test(name))
      .flatMap((name) => {
        const found = lstatSync(join(path, name), { throwIfNoEntry: false });
        return found?.isFile() === true ? [{ name, size: found.size, changed: found.mtimeMs }] : [];
      });
  } catch {
    return [];
  }
}
