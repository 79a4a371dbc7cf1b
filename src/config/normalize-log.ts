import {
  type FileFeed,
  LOG_STREAMS,
  type LogPolicy,
  type LogStream,
  type RemoteSinkPolicy,
  type SinkPolicy,
  type WhenSlow,
} from "../core/log-policy.ts";
import type { ParsedDefinition } from "./definition-schema.ts";
import { rotationOf } from "./rotation-keys.ts";

type ParsedLog = ParsedDefinition["log"];
type ParsedSink = ParsedLog["sinks"][string];
/** What holds for the sinks of one stream that do not say otherwise. */
type Values = Omit<ParsedLog, "sinks" | "stderr">;

/** Every sink with all that holds for it. The checks across keys have found nothing wrong. */
export function logOf(log: ParsedLog, absolute: (path: string) => string): LogPolicy {
  const sinksOf = (values: Values, streams: readonly LogStream[]): SinkPolicy[] =>
    [...new Set(values.to)].map((name) => sinkOf(name, { values, streams, own: log.sinks[name], absolute }));
  const isJoined = log.stderr === "stdout";
  const direct = log.direct ? { rotateSignal: log.rotate_signal ?? null } : null;
  const values: Values = log.direct ? unreadOf(log) : log;
  const stdout = values.multiline ?? null;
  if (log.stderr === undefined || log.stderr === "stdout")
    return { sinks: sinksOf(values, LOG_STREAMS), multiline: { stdout, stderr: stdout }, isJoined, direct };
  const said = overlaid(values, log.stderr);
  const errors = log.direct ? unreadOf(said) : said;
  return {
    sinks: joined(sinksOf(values, ["stdout"]), sinksOf(errors, ["stderr"])),
    multiline: { stdout, stderr: errors.multiline ?? null },
    isJoined,
    direct,
  };
}

/** Nobody is there to stamp lines, or to drop them: what [defaults] say of that is for others. */
function unreadOf(values: Values): Values {
  return { ...values, stamp: "none", when_slow: "block", rate: undefined, multiline: undefined };
}

/** Sinks that are the same for both streams become one. */
function joined(stdout: readonly SinkPolicy[], stderr: readonly SinkPolicy[]): SinkPolicy[] {
  const key = (sink: SinkPolicy): string => JSON.stringify({ ...sink, streams: LOG_STREAMS });
  const shared = new Set(stderr.map(key));
  const own = new Set(stdout.map(key));
  return [
    ...stdout.map((sink) => (shared.has(key(sink)) ? { ...sink, streams: LOG_STREAMS } : sink)),
    ...stderr.filter((sink) => !own.has(key(sink))),
  ];
}

interface SinkText {
  readonly values: Values;
  readonly streams: readonly LogStream[];
  readonly own: ParsedSink | undefined;
  readonly absolute: (path: string) => string;
}

function sinkOf(name: string, { values, streams, own, absolute }: SinkText): SinkPolicy {
  const said = own === undefined ? values : overlaid(values, own);
  const filter = { priority: said.priority, include: said.include, exclude: said.exclude, rate: said.rate ?? null };
  const base = { name, streams, filter };
  const type = own?.type ?? typeOf(name);
  switch (type) {
    case "syslog":
      return { ...base, type, facility: said.facility };
    case "service": {
      const service = own?.service ?? name.slice(SERVICE.length);
      return { ...base, type, service, format: said.format, stamp: said.stamp, ...waitingOf(said, "block") };
    }
    case "remote":
      return { ...base, type, ...remoteOf(own, absolute), facility: said.facility, ...waitingOf(said, "drop") };
    case "file": {
      const path = said.file === undefined ? null : absolute(said.file);
      const { buffer } = said;
      const feed: FileFeed = said.when_slow === "drop" ? { tag: "drop", buffer } : { tag: "block" };
      return { ...base, type, path, format: said.format, stamp: said.stamp, ...rotationOf(said), feed };
    }
  }
}

const SERVICE = "service:";

function typeOf(name: string): SinkPolicy["type"] {
  if (name.startsWith(SERVICE)) return "service";
  return name === "syslog" ? "syslog" : "file";
}

function remoteOf(
  own: ParsedSink | undefined,
  absolute: (path: string) => string,
): Omit<RemoteSinkPolicy, "type" | "name" | "streams" | "filter" | "facility" | "buffer" | "whenSlow"> {
  if (own?.address === undefined) throw new Error("internal error: a server without an address");
  const { ca, server_name: serverName, app_name: appName } = own;
  const proof = { ca: ca === undefined ? null : absolute(ca), serverName: serverName ?? null };
  return { server: { ...own.address, ...proof }, appName: appName ?? null };
}

function waitingOf(
  { buffer, when_slow: said }: Values,
  usual: WhenSlow,
): Pick<RemoteSinkPolicy, "buffer" | "whenSlow"> {
  return { buffer, whenSlow: said ?? usual };
}

/** The values with what the table above them says in their place. */
function overlaid(below: Values, own: object): Values {
  const written = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...below, ...(Object.fromEntries(written) as Partial<Values>) };
}
