/*
 * What must hold for one service, told from what it has noted itself and from what was asked of it. Pure.
 *
 * A round is a stretch of commands and deaths, at the end of which everything gets calm. A service that nobody asked
 * anything of in a round goes on as if nothing had happened: it ends only by itself, and is started again only where its
 * policy says so for the way it ended. A death of ours is never a reason, with one exception: where nobody was there to
 * see an exit, its status may be unknown, and then it counts as a failure.
 */
import type { PublicState } from "../../src/core/service-view.ts";
import type { Member } from "./member.ts";
import type { Note } from "./note.ts";

export interface Round {
  /** Something was asked of it, of what it is linked with, or of all. */
  readonly isTouched: boolean;
  /** For a while there was neither guardian nor supervisor. */
  readonly isBlind: boolean;
  /** The guardian has died as well, whose children services may have been: how one has ended may be unknown. */
  readonly mayMissExits: boolean;
  /** What it must be wanted to be now, as that was promised to whoever asked; null: that is not known. */
  readonly want: "up" | "down" | null;
}

export interface Seen {
  readonly state: PublicState;
  readonly want: "up" | "down";
  readonly pid: number | null;
  /** Automatic restarts. */
  readonly restarts: number;
}

interface Run {
  readonly invocation: string;
  readonly pid: number;
  /** null: it has not said that it ends. */
  readonly end: string | null;
}

/** The life of one service, round by round. Each method returns what is wrong, or null. */
export class Account {
  readonly member: Member;
  #run: Run | null = null;
  /** Hooks that have run since the last run began, and before it. */
  #hooks: readonly Note[] = [];
  /** Since all was calm. */
  #hasNoted = false;
  #starts = 0;
  /** Its run ended in a round in which how it ended may have been missed: what is shown of that stays. */
  #mayBeUnknown = false;
  /** Nobody was there for a while since it has handed over a descriptor for safekeeping. */
  #mayHaveLost = false;
  /** Its run says no more that it lives. */
  #isMute = false;
  #seen: Seen | null = null;

  constructor(member: Member) {
    this.member = member;
  }

  get run(): Run | null {
    return this.#run;
  }

  /** true: its run is to be ended, as it says no more that it lives. */
  get isMute(): boolean {
    return this.#isMute;
  }

  /** What was seen of it when all was calm the last time. */
  get seen(): Seen | null {
    return this.#seen;
  }

  hear(note: Note, round: Round): string | null {
    switch (note.what) {
      case "start":
        return this.#begin(note, round);
      case "end":
        return this.#end(note, round);
      case "note":
        return this.#hook(note, round);
      case "hup":
        return null;
    }
  }

  /** All is calm: `isAlive` says whether the process of its last run lives. */
  settle(seen: Seen, isAlive: boolean, round: Round): string | null {
    const before = this.#seen;
    const [hasNoted, starts] = [this.#hasNoted, this.#starts];
    this.#seen = seen;
    this.#hasNoted = false;
    this.#starts = 0;
    this.#mayHaveLost ||= round.isBlind;
    if (!isAlive && this.#run !== null && this.#run.end === null) {
      if (!round.isTouched) return `run ${this.#run.invocation} was killed, though nobody asked for it`;
      this.#run = { ...this.#run, end: "killed" };
    }
    if (hasNoted) this.#mayBeUnknown = !isAlive && round.mayMissExits;
    if (isAlive && seen.pid !== this.#run?.pid) return `pid ${this.#run?.pid} runs, but ${seen.pid} is shown`;
    if (!round.isTouched && before !== null && before.want !== seen.want)
      return `was wanted ${before.want}, and is wanted ${seen.want}`;
    if (!round.isTouched && before !== null && !hasNoted && before.state !== seen.state)
      return `was ${before.state}, and is ${seen.state} without a reason`;
    const restarts = before === null ? 0 : before.restarts + starts;
    if (!round.isTouched && before !== null && this.member.calls === "nothing" && seen.restarts !== restarts)
      return `shows ${seen.restarts} restarts, there were ${restarts}`;
    if (round.want !== null && round.want !== seen.want)
      return `is wanted ${seen.want}, though "${round.want}" was promised`;
    if (isAlive && this.member.hooks.includes("after_start") && !this.#hooks.some(({ more }) => more === "after_start"))
      return `run ${this.#run?.invocation} is up without its hook after_start`;
    const wanted = this.#acceptable(seen.want, isAlive);
    return wanted.includes(seen.state) ? null : `is ${seen.state} (wanted ${seen.want}), want ${wanted.join(" or ")}`;
  }

  #hook(note: Note, round: Round): string | null {
    if (note.more === "mute") {
      this.#isMute = note.invocation === this.#run?.invocation;
      return null;
    }
    if (note.more === "lost") {
      const isExcused = this.#mayHaveLost || round.isBlind;
      this.#mayHaveLost = false;
      return isExcused ? null : `the descriptor that run ${note.invocation} should have been given back is lost`;
    }
    this.#hooks = [...this.#hooks, note];
    return null;
  }

  #begin(note: Note, round: Round): string | null {
    const before = this.#run;
    this.#hasNoted = true;
    this.#isMute = false;
    this.#starts += 1;
    this.#run = { invocation: note.invocation, pid: note.pid, end: null };
    const hooks = this.#hooks;
    // The hook after the start may be faster than the start itself.
    this.#hooks = hooks.filter(({ invocation }) => invocation === note.invocation);
    if (this.member.hooks.includes("before_start") && !hooks.some(({ more }) => more === "before_start"))
      return `run ${note.invocation} began without its hook before_start`;
    if (round.isTouched || this.member.calls !== "nothing") return null;
    if (before === null) return `was started, though nobody asked for it`;
    if (before.end === null) return `run ${before.invocation} was killed and followed by another, without a reason`;
    return this.#mayFollow(before.end, round) ? null : `was started again after it had ended (${before.end})`;
  }

  #end(note: Note, round: Round): string | null {
    this.#hasNoted = true;
    if (note.invocation !== this.#run?.invocation) return `run ${note.invocation} ended, which had not begun`;
    this.#run = { ...this.#run, end: note.more };
    const isOwn = note.more.startsWith("own:");
    return isOwn || round.isTouched ? null : `run ${note.invocation} was asked to end, though nobody wished it`;
  }

  #mayFollow(end: string, { mayMissExits }: Round): boolean {
    if (!end.startsWith("own:")) return false;
    if (this.member.policy === "always") return true;
    return this.member.policy === "on-failure" && (end !== "own:0" || mayMissExits);
  }

  #acceptable(want: "up" | "down", isAlive: boolean): readonly PublicState[] {
    const { type, calls, policy, group, name } = this.member;
    if (want === "down") return isAlive ? [] : ["down"];
    if (isAlive) return type === "oneshot" ? ["starting"] : ["up"];
    if (calls !== "nothing") return ["waiting"];
    // It waits for what it requires, which was stopped.
    const held: readonly PublicState[] = group === name ? [] : ["waiting"];
    if (policy === "always") return held;
    const end = this.#run?.end ?? null;
    if (end === "own:0") return this.#mayBeUnknown ? ["done", "failed"] : ["done"];
    if (end?.startsWith("own:") === true) return ["failed"];
    return ["done", "failed", ...held];
  }
}
