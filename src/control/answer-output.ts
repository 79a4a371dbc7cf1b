import { EXIT } from "../core/exit-statuses.ts";
import { isPattern, matchesPattern } from "../core/name-pattern.ts";
import type { OutputNote, OutputWish } from "./control-port.ts";
import { findRuns } from "./find-runs.ts";
import type { Call } from "./handlers.ts";
import { MAX_GLOBS } from "./limits.ts";
import { problemResponse, quote } from "./problem.ts";
import { type OutputQuery, outputQuery } from "./output-protocol.ts";
import { readQuery } from "./read-request.ts";
import { onlyServices, selectServices } from "./select-services.ts";

/** Answers the output of services, merged by time, as NDJSON: what there is, and with `follow` what is to come. */
export async function answerOutput(call: Call): Promise<Response> {
  const read = readQuery(call.url.searchParams, outputQuery);
  if (read.tag === "refused") return read.response;
  const query = read.value;
  const words = (query.names ?? "").split(",").filter((word) => word !== "");
  const problem = problemOf(query, words);
  if (problem !== null) return problemResponse("bad-request", `cannot read the request: ${problem}`);
  const known = call.port.names();
  const { names, unknown } =
    words.length === 0
      ? { names: known, unknown: [] }
      : selectServices(words, { ...onlyServices(known), templates: () => call.port.templates() });
  const notes = unknown.map(({ word, reason }): OutputNote => ({
    note: `cannot show ${quote(word)}: ${reason}`,
    exit: EXIT.noSuchService,
  }));
  const [first] = notes;
  const mayCome = query.follow && words.every((word) => isPattern(word));
  if (names.length === 0 && first !== undefined && !mayCome) return problemResponse("no-such-service", first.note);
  const found =
    query.run === null
      ? null
      : await findRuns(call, { names, run: query.run, isNamed: (name) => words.includes(name) });
  const wish: OutputWish = {
    ...wishOf(query),
    names: found === null ? names : names.filter((name) => found.runs.has(name)),
    runs: found?.runs ?? null,
    isWanted: (name) => words.length === 0 || words.some((word) => word === name || matchesPattern(name, word)),
    notes: [...(mayCome ? [] : notes), ...(found?.notes ?? [])],
  };
  return call.passOn((life) => call.port.readOutput(wish, life));
}

function wishOf(query: OutputQuery): Omit<OutputWish, "names" | "isWanted" | "notes" | "runs"> {
  const { grep, ignore_case: ignoreCase } = query;
  return {
    wishes: {
      grep: grep === null ? null : { pattern: grep, ignoreCase },
      priority: query.priority,
      stream: query.stream,
    },
    count: query.lines,
    window: { since: microsOf(query.since), until: microsOf(query.until) },
    isThisBoot: query.boot,
    isFollowed: query.follow,
    isResumed: query.resume,
  };
}

/** What is wrong with a request beside its shape; null: nothing. */
function problemOf({ grep, follow, since, until, run }: OutputQuery, words: readonly string[]): string | null {
  if (words.filter((word) => isPattern(word)).length > MAX_GLOBS) return `"names": want at most ${MAX_GLOBS} globs`;
  if (since !== null && until !== null && Date.parse(until) <= Date.parse(since))
    return '"until": nothing lies between it and "since", want the earlier one as "since"';
  if (follow && until !== null) return '"until": what is followed has no end';
  if (follow && run !== null && run !== 0) return '"run": only the current one can be followed';
  return grep === null ? null : patternProblemOf(grep);
}

/** Only read here, never tried: that may take long. */
function patternProblemOf(pattern: string): string | null {
  try {
    RegExp(pattern, "u");
    return null;
  } catch (error) {
    return `"grep": ${error instanceof Error ? error.message : String(error)}`;
  }
}

function microsOf(moment: string | null): number | null {
  return moment === null ? null : Date.parse(moment) * 1000;
}
