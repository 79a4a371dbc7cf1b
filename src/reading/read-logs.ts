import { CHUNK_BUFFER } from "./line-chunk.ts";
import { WantedFilter } from "./wanted-filter.ts";
import { LogChain } from "./log-chain.ts";
import type { LogRecord } from "./log-record.ts";
import { mergeRecords } from "./merge-records.ts";
import { LineParser } from "./parse-line.ts";
import { recordOfLine } from "./record-of-line.ts";
import { isOfRun, windowOfRun } from "./run-lines.ts";
import { type Allowance, type LogReading, readAllLines, readLastLines, type Records } from "./read-log.ts";
import type { ReadRequest, ServiceToRead } from "./read-request.ts";
import type { ReadPorts } from "./readable-file.ts";
import type { Wanted } from "./wanted-lines.ts";

/** How much is held in memory. */
export interface ReadSizes {
  /** What all services together may take at a time: the lines of one piece each, in bytes. */
  readonly atOnce: number;
  readonly leastPiece: number;
  /** What last lines may take, which are kept until the earliest is found, in characters. */
  readonly lastLines: number;
}

const SIZES: ReadSizes = { atOnce: 16 * 1024 * 1024, leastPiece: 16 * 1024, lastLines: 32 * 1024 * 1024 };

/** More files than these are not kept open. */
const MOST_OPEN = 64;

/** A bounded piece of what was asked for; empty ones say that the search goes on. */
export interface ReadPiece {
  readonly records: readonly LogRecord[];
  /** What could not be done, in words for people. */
  readonly notes: readonly string[];
}

/** Reads the wanted lines of all services, merged by time. Throws a SyntaxError for an expression that is none. */
export function* readLogs(
  request: ReadRequest,
  ports: ReadPorts,
  sizes: ReadSizes = SIZES,
): Generator<ReadPiece, void, undefined> {
  let notes: string[] = [];
  const context: Context = {
    request,
    ports,
    filter: new WantedFilter(request.wishes),
    buffer: Buffer.alloc(CHUNK_BUFFER),
    size: Math.max(sizes.leastPiece, Math.min(CHUNK_BUFFER, share(sizes.atOnce, request))),
    mostLast: share(sizes.lastLines, request),
    say: (message) => notes.push(message),
  };
  for (const records of mergeRecords(request.services.map((service) => readService(service, context)))) {
    yield { records, notes };
    notes = [];
  }
  if (notes.length > 0) yield { records: [], notes };
}

function share(whole: number, { services }: ReadRequest): number {
  return Math.floor(whole / Math.max(1, services.length));
}

interface Context {
  readonly request: ReadRequest;
  readonly ports: ReadPorts;
  readonly filter: WantedFilter;
  readonly buffer: Buffer;
  readonly size: number;
  readonly mostLast: number;
  readonly say: (message: string) => void;
}

function* readService(service: ServiceToRead, context: Context): Records {
  const { count } = context.request;
  const sources = service.places.map((place) => readPlace(service, place, context));
  const inFiles = mergeRecords(sources);
  const inMemory = recordsOf(service, context.filter);
  if (count === null || (sources.length <= 1 && inMemory.length === 0)) {
    yield* inFiles;
    yield inMemory;
  } else {
    yield* lastOf(inFiles, inMemory, count);
  }
}

function* readPlace(service: ServiceToRead, place: ServiceToRead["places"][number], context: Context): Records {
  const { request, ports, filter, buffer, size, say } = context;
  const { name, run } = service;
  const around = windowOfRun(run);
  const since = latest([service.since, around.since]);
  const until = earliest([service.until, service.filesUntil, around.until]);
  const parser = new LineParser(place);
  const isUntold = (request.wishes.stream ?? request.wishes.priority) !== null && !parser.hasStreams;
  if (isUntold) say(untoldWordsOf(name, request));
  const mark = service.marks.find(({ path }) => path === place.path) ?? null;
  const chain = new LogChain({ path: place.path, mark }, ports, say);
  const wanted: Wanted = {
    service: name,
    parser,
    filter,
    literal: filter.literalIn(place),
    since,
    until,
    run,
  };
  const reading: LogReading = { chain, wanted, buffer, size, isFrugal: request.services.length > MOST_OPEN };
  try {
    if (request.count === null) return yield* readAllLines(reading);
    const allowance: Allowance = { left: context.mostLast, leftOut: false };
    yield* readLastLines(reading, request.count, allowance);
    if (allowance.leftOut) say(`${name}: the lines are so long that not all ${request.count} are shown`);
  } finally {
    chain.release();
  }
}

function untoldWordsOf(name: string, { wishes: { stream } }: ReadRequest): string {
  const what =
    stream === null ? "priorities: only lines that begin with <N> have one" : "streams: none of its lines is shown";
  return `${name}: its file does not tell ${what} (log.format = "json" tells)`;
}

/** Of what is in files and then in memory, the last `count`. */
function* lastOf(inFiles: Records, inMemory: readonly LogRecord[], count: number): Records {
  let last: LogRecord[] = [];
  for (const records of inFiles) {
    last = [...last, ...records].slice(-count);
    yield [];
  }
  yield count === 0 ? [] : [...last, ...inMemory].slice(-count);
}

function recordsOf(
  { name, places, memory, since, until, run }: ServiceToRead,
  filter: WantedFilter,
): readonly LogRecord[] {
  return memory
    .map((line) => recordOfLine(name, line, places))
    .filter(({ at }) => (since === null || at >= since) && (until === null || at < until))
    .filter((record) => isOfRun(record, run) && filter.accepts(record));
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
