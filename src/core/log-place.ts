import { logFilesOf, type FileSinkPolicy, type LogPolicy, type LogStream, type RecordFormat } from "./log-policy.ts";

/** A file with output of a service, and what undoes its format. */
export interface LogPlace extends RecordFormat {
  /** Absolute. */
  readonly path: string;
  /** Whose lines it has; null: those of both, and only its format may tell them apart. */
  readonly stream: LogStream | null;
}

/** The files out of which the output of a service is read, each line of it once. */
export interface LogPlaces {
  readonly places: readonly LogPlace[];
  /** true: every line is in one of them. Otherwise the last lines in memory are more than what is in files. */
  readonly isComplete: boolean;
}

/** true: the lines of this stream are read back as records, with what they say of themselves told apart. */
export function hasRecords(places: readonly Pick<LogPlace, "format" | "stream">[], stream: LogStream): boolean {
  return places.some((place) => place.format === "json" && (place.stream ?? stream) === stream);
}

type LogFile = ReturnType<typeof logFilesOf>[number];

/** Where to read what a service has written; `standard` is the path of a file that has none of its own. */
export function logPlacesOf(policy: LogPolicy, standard: string): LogPlaces {
  const files = logFilesOf(policy, standard);
  const [whole] = files.filter(({ sink }) => sink.streams.length > 1 && isUnfiltered(sink));
  if (whole !== undefined) return { places: [placeOf(whole)], isComplete: true };
  const out = files.find(({ sink }) => sink.streams.includes("stdout") && isUnfiltered(sink));
  const errors = files.find(({ sink }) => sink.streams.includes("stderr") && isUnfiltered(sink));
  if (out !== undefined && errors !== undefined) return { places: [out, errors].map(placeOf), isComplete: true };
  const both = files.find(({ sink }) => sink.streams.length > 1);
  if (both !== undefined) return { places: [placeOf(both)], isComplete: false };
  const single = (stream: LogStream): readonly LogFile[] =>
    files.filter(({ sink }) => sink.streams.includes(stream)).slice(0, 1);
  return { places: [...single("stdout"), ...single("stderr")].map(placeOf), isComplete: false };
}

function placeOf({ path, sink }: LogFile): LogPlace {
  const [stream, other] = sink.streams;
  return { path, format: sink.format, stamp: sink.stamp, stream: other === undefined ? (stream ?? null) : null };
}

function isUnfiltered({ filter }: FileSinkPolicy): boolean {
  return (
    filter.priority === "debug" && filter.include.length === 0 && filter.exclude.length === 0 && filter.rate === null
  );
}
