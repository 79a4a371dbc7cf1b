/* Compares what daemonsup shows with what its services have noted, what the logs hold and what runs. */
import type { ServiceView } from "../../src/core/service-view.ts";
import { Account, type Round, type Seen } from "./account.ts";
import type { Books, Lines } from "./books.ts";
import { type Living, type Looker, isPassing } from "./look.ts";
import type { Member } from "./member.ts";

/** What there was to see at one moment. */
export interface Look {
  /** Why this is not the end yet. */
  readonly unsettled: readonly string[];
  readonly views: readonly ServiceView[];
  readonly living: readonly Living[];
  readonly lines: readonly Lines[];
}

/** What the examiner has to be told of a round. */
export interface Knowledge {
  /** All services that there should be. */
  members(views: readonly ServiceView[]): readonly Member[];
  roundOf(member: Member, seen: Seen | null): Round;
  /** No line may be missing, of whoever has ended. */
  isLossless(): boolean;
  /** A supervisor has died since all was calm. */
  hasDied(): boolean;
}

/** What was found in the books, in all rounds. */
export interface Found {
  runs: number;
  lines: number;
  lost: number;
}

export class Examiner {
  readonly found: Found = { runs: 0, lines: 0, lost: 0 };
  readonly #looker: Looker;
  readonly #books: Books;
  readonly #knowledge: Knowledge;
  readonly #accounts = new Map<string, Account>();
  #problems: string[] = [];

  constructor(places: { readonly looker: Looker; readonly books: Books }, knowledge: Knowledge) {
    this.#looker = places.looker;
    this.#books = places.books;
    this.#knowledge = knowledge;
  }

  /** What is wrong for good since this was asked the last time. */
  takeProblems(): readonly string[] {
    return this.#problems.splice(0);
  }

  /** What is not as it should be in the end, yet. */
  async look(): Promise<Look> {
    try {
      const before = await this.#looker.views();
      const living = this.#looker.living();
      const members = this.#knowledge.members(before);
      this.#hearNotes(members);
      this.#problems.push(...this.#looker.readLogs(this.#knowledge.hasDied()));
      const isAlive = isAliveAmong(living);
      const lines = this.#books.lines();
      const told = members.filter(({ sink }) => sink === "reader").map(({ name }) => name);
      const mayLack = (service: string): boolean => this.#knowledge.hasDied() && told.includes(service);
      const missing = this.#looker.missing(lines, isAlive, { isLossless: this.#knowledge.isLossless(), mayLack });
      const views = await this.#looker.views();
      const unsettled = [
        ...views.filter(isPassing).map(({ name, state }) => `${name} is ${state}`),
        ...missing,
        ...members
          .filter(({ name }) => this.#accounts.get(name)?.isMute)
          .map(({ name }) => `${name} is mute, and lives`),
        ...this.#strayOf(views, living),
        ...unexpectedOf(views, members),
      ];
      const isSame = before.every(
        (view, index) => view.pid === views[index]?.pid && view.state === views[index]?.state,
      );
      return { unsettled: isSame ? unsettled : ["the services change", ...unsettled], views, living, lines };
    } catch (error) {
      return { unsettled: [`nobody answers: ${String(error)}`], views: [], living: [], lines: [] };
    }
  }

  /** Judges what is calm, and forgets what has ended. */
  settle({ views, living, lines: all }: Look): void {
    const isAlive = isAliveAmong(living);
    for (const view of views) {
      const account = this.#accounts.get(view.name);
      if (account === undefined) continue;
      const { state, want, pid, restarts } = view;
      const round = this.#knowledge.roundOf(account.member, account.seen);
      const problem = account.settle({ state, want, pid, restarts }, isAlive(account.run?.invocation ?? ""), round);
      if (problem !== null) this.#problems.push(`${view.name}: ${problem}`);
    }
    for (const [name, account] of this.#accounts)
      if (!views.some((view) => view.name === name)) {
        if (isAlive(account.run?.invocation ?? "")) this.#problems.push(`${name} is removed, and still runs`);
        this.#accounts.delete(name);
      }
    const { lines, lost } = this.#looker.forgetEnded(all, isAlive);
    this.found.lines += lines;
    this.found.lost += lost;
  }

  #hearNotes(members: readonly Member[]): void {
    for (const member of members)
      if (!this.#accounts.has(member.name)) this.#accounts.set(member.name, new Account(member));
    for (const account of this.#accounts.values()) {
      const { member } = account;
      const round = this.#knowledge.roundOf(member, account.seen);
      for (const note of this.#books.notes(member.name)) {
        if (note.what === "start") this.found.runs += 1;
        const problem = account.hear(note, round);
        if (problem !== null) this.#problems.push(`${member.name}: ${problem}`);
      }
    }
  }

  /** Processes where there should be none, or not so many. */
  #strayOf(views: readonly ServiceView[], living: readonly Living[]): readonly string[] {
    return views.flatMap(({ name, pid, state }) => {
      const runs = living.filter(({ service }) => service === name);
      const account = this.#accounts.get(name);
      if (pid === null) return runs.map(({ pids }) => `${name} is ${state}, but ${pids.join(", ")} of it live`);
      if (account === undefined) return [`${name} is there`];
      const { run: shown, member } = account;
      const [run] = runs;
      if (runs.length === 1 && run?.invocation === shown?.invocation && run?.pids.length === member.processes)
        return [];
      const wanted = `of run ${shown?.invocation} there should be ${member.processes} processes`;
      return [`${name}: ${wanted}, there are ${JSON.stringify(runs)}`];
    });
  }
}

/** Services that should not be there, and those that are not there. */
function unexpectedOf(views: readonly ServiceView[], members: readonly Member[]): readonly string[] {
  const expected = members.map(({ name }) => name);
  const found = views.map(({ name }) => name);
  return [
    ...expected.filter((name) => !found.includes(name)).map((name) => `${name} is not there`),
    ...found.filter((name) => !expected.includes(name)).map((name) => `${name} is still there`),
  ];
}

function isAliveAmong(living: readonly Living[]): (invocation: string) => boolean {
  return (invocation) => living.some((run) => run.invocation === invocation);
}
