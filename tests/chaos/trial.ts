/*
 * A place with services of every kind, someone who asks for this and that all the time, and deaths. After each round all
 * gets calm, and then everything must be as if nobody had died.
 */
import { mkdirSync, rmSync } from "node:fs";
import { BINARY, type CommandResult, TestPlace, run, untilTrue } from "../scenarios/test-supervisor.ts";
import type { Round, Seen } from "./account.ts";
import { Books } from "./books.ts";
import { call } from "./callers.ts";
import type { Chance } from "./chance.ts";
import { type Answer, ask, drawRequest, wantOf } from "./client.ts";
import { Examiner, type Found, type Look } from "./examiner.ts";
import { type Death, Reaper } from "./reaper.ts";
import {
  FIRST_INSTANCES,
  FIRST_VARIANT,
  Fleet,
  MOST_GUESTS,
  MOST_INSTANCES,
  MUTABLE,
  SYSLOG,
  type Variant,
} from "./fleet.ts";
import { FOLLOWED, Followers } from "./followers.ts";
import { householdOf } from "./deaths.ts";
import { filesLeftIn, leftoversOf, moreThan } from "./leftovers.ts";
import { Looker } from "./look.ts";
import type { Member } from "./member.ts";
import { Story } from "./story.ts";
import { SyslogReceiver, hasSyslog } from "./syslog-receiver.ts";
import { UnderWay } from "./under-way.ts";
import type { ServiceView } from "../../src/core/service-view.ts";

export interface TrialOptions {
  readonly chance: Chance;
  /** The compiled service. */
  readonly program: string;
  /** How likely each death is. */
  readonly deaths: Readonly<Record<Death, number>>;
  /** Further words of the command that starts a supervisor. */
  readonly args: readonly string[];
}

/** How long until all must be calm, at most. */
const CALM_MS = 30_000;
const LOOK_MS = 25;
/** How long what is only kept for a while may stay, such as the file of the history. */
const LEAVE_MS = 15_000;

export interface Tally {
  rounds: number;
  commands: number;
  unheard: number;
  reloads: number;
  shutdowns: number;
  calls: number;
}

export class Trial implements AsyncDisposable {
  readonly place: TestPlace;
  readonly tally: Tally = { rounds: 0, commands: 0, unheard: 0, reloads: 0, shutdowns: 0, calls: 0 };
  readonly reaper: Reaper;
  readonly story = new Story();
  readonly #chance: Chance;
  readonly #books: Books;
  readonly #fleet: Fleet;
  readonly #looker: Looker;
  readonly #examiner: Examiner;
  readonly #followers: Followers;
  readonly #program: string;
  #syslog: SyslogReceiver | null = null;
  readonly #asking = new UnderWay();
  /** By group. */
  readonly #touched = new Set<string>();
  /** By name; "any": it is not known. */
  readonly #wants = new Map<string, "up" | "down" | "any">();
  #variant: Variant = FIRST_VARIANT;
  /** null: it is not known. */
  #instances: number | null = FIRST_INSTANCES;
  /** Services whose sockets nobody may have but this process of theirs. */
  readonly #unbacked = new Map<string, number>();
  /** Requests that nobody has heard. */
  #unheard: string[] = [];
  /** Somebody has ended all of daemonsup in this round, as it should be ended. */
  #wasShutDown = false;
  /** What there is while no service runs, by kind. */
  #base: ReadonlyMap<string, number> | null = null;
  /** What has gone wrong since the last judgement. */
  #problems: string[] = [];

  /** What was found in the books. */
  get found(): Found {
    return this.#examiner.found;
  }

  constructor(options: TrialOptions) {
    this.place = new TestPlace({});
    this.#chance = options.chance;
    this.#books = new Books(this.place.path("books"));
    mkdirSync(this.place.path("log"), { mode: 0o750 });
    this.#program = options.program;
    const [books, logs] = [this.#books.directory, this.place.path("log")];
    this.#fleet = new Fleet({ program: options.program, books, logs, hasSyslog });
    this.#followers = new Followers(this.place.runtime);
    this.#looker = new Looker(this.place, this.#books);
    this.#examiner = new Examiner(
      { looker: this.#looker, books: this.#books },
      {
        members: (views) => this.#membersAmong(views),
        roundOf: (member, seen) => this.#roundOf(member, seen),
        isLossless: () => !this.reaper.isBlind,
        hasDied: () => this.reaper.hasDied || this.#wasShutDown,
      },
    );
    this.reaper = new Reaper(this.place, {
      chance: options.chance,
      weights: options.deaths,
      args: options.args,
      wrapper: () => this.#syslog?.wrapper ?? [],
      tell: (text) => this.story.tell(text),
    });
  }

  /** Starts everything, stops it, and starts it again: what is there in between is what there is always. Returns what is wrong. */
  async begin(): Promise<readonly string[]> {
    this.#write();
    this.#books.setQuiet(false);
    if (hasSyslog) this.#syslog = await SyslogReceiver.open(this.#program, this.place.path("log", SYSLOG));
    await this.reaper.startAgain();
    // Whoever follows begins with the last line that there is, and the way to the syslog is there from the first one on.
    const writers = [...FOLLOWED, ...(hasSyslog ? ["syslogged"] : [])];
    const hasWritten = (name: string): boolean =>
      this.#books.lines().some(({ service, written }) => service === name && written > 0);
    await untilTrue(() => writers.every(hasWritten));
    for (const { group } of this.#members()) this.#touched.add(group);
    const problems = [...(await this.#judge()), ...(await this.#stopAll())];
    if (problems.length > 0) return problems;
    this.#wants.clear();
    for (const { name } of this.#members()) this.#wants.set(name, name === "green" ? "down" : "up");
    const names = this.#members().map(({ name }) => name);
    await this.#command("start", "--no-wait", ...names.filter((name) => name !== "green"));
    return await this.#judge();
  }

  /** Returns what is left over when nothing runs any more, beside what was there when that was so for the first time. */
  async #stopAll(): Promise<readonly string[]> {
    this.story.tell("stops everything");
    this.#touchAll("down");
    const { code, stdout, stderr } = await this.#command("stop", "*");
    const problems = await this.#judge();
    if (code !== 0) return [`stop: ${code}: ${stdout}${stderr}`, ...problems];
    if (problems.length > 0) return problems;
    await this.#followers[Symbol.asyncDispose]();
    const began = performance.now();
    for (;;) {
      const left = leftoversOf(this.place, householdOf(this.place).all);
      this.#base ??= left;
      const more = moreThan(this.#base, left);
      if (more.length === 0 || performance.now() - began > LEAVE_MS) return more;
      await Bun.sleep(10 * LOOK_MS);
    }
  }

  /** A few commands, changes and deaths, and then the judgement: what is wrong. */
  async round(): Promise<readonly string[]> {
    this.#touched.clear();
    this.#wants.clear();
    this.reaper.isBlind = false;
    this.reaper.mayMissExits = false;
    this.reaper.hasDied = false;
    this.#wasShutDown = false;
    this.story.tell(`round ${++this.tally.rounds}`);
    this.#books.setQuiet(false);
    for (let step = 2 + this.#chance.below(3); step > 0; step--) {
      this.#askSomething();
      if (this.#chance.falls(0.25)) this.#changeSomething();
      if (this.#chance.falls(0.2)) this.#connect();
      if (this.#chance.falls(0.05)) this.#mute();
      await Bun.sleep(this.#chance.below(60));
      await this.reaper.strike();
      await Bun.sleep(this.#chance.below(80));
    }
    if (this.#chance.falls(0.06)) await this.#shutDown();
    return await this.#judge();
  }

  /** Stops everything, and ends daemonsup in order. Returns what is left over, and should not be. */
  async end(): Promise<readonly string[]> {
    const problems = await this.#stopAll();
    if (problems.length > 0) return problems;
    const { code, stdout, stderr } = await this.#command("shutdown");
    if (code !== 0) return [`shutdown: ${code}: ${stdout}${stderr}`];
    const [household, living] = [householdOf(this.place).all, this.#looker.living()];
    return [
      ...household.map((pid) => `pid ${pid} is left of daemonsup`),
      ...living.map(({ service, pids }) => `${pids.join(", ")} are left of ${service}`),
      ...filesLeftIn(this.place.runtime),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reaper.killAll();
    await this.#asking.answered();
    await this.#followers[Symbol.asyncDispose]();
    this.place[Symbol.dispose]();
    await this.#syslog?.[Symbol.asyncDispose]();
  }

  #members(): readonly Member[] {
    return this.#fleet.members(this.#variant, this.#instances ?? 0);
  }

  #membersAmong(views: readonly ServiceView[]): readonly Member[] {
    this.#instances ??= views.filter(({ name }) => name.startsWith("inst@")).length;
    return this.#members();
  }

  #write(): void {
    const files = this.#fleet.files(this.#variant);
    for (const [name, text] of files) this.place.write(name, text);
    for (let guest = 0; guest < MOST_GUESTS; guest++)
      if (!files.has(`guest-${guest}.toml`))
        rmSync(this.place.path("services.d", `guest-${guest}.toml`), { force: true });
  }

  #askSomething(): void {
    const free = this.#members().filter(({ group, name }) => !this.#asking.has(group) && !name.startsWith("guest"));
    for (let count = this.#chance.below(4); count > 0; count--) {
      const request = drawRequest(free, this.#chance);
      const { group } = request.member;
      if (this.#asking.has(group)) continue;
      this.#touched.add(group);
      this.tally.commands += 1;
      const how = `${request.byBinary ? "by command" : "by socket"}${request.wait ? "" : ", without waiting"}`;
      this.story.tell(`asks ${request.verb} ${request.member.name} ${how}`);
      this.#asking.add(
        group,
        ask(this.place, request).then((answer) => this.#hear(answer)),
      );
    }
  }

  #hear({ request, isPromised, isUnheard, text }: Answer): void {
    const { member, verb } = request;
    this.story.tell(`is answered on ${verb} ${member.name}: ${text.slice(0, 100)}`);
    if (isUnheard) this.#unheard.push(`nobody heard ${verb} ${member.name}: ${text}`);
    const want = wantOf(request);
    if (want !== null) this.#wants.set(member.name, isPromised ? want : "any");
  }

  #changeSomething(): void {
    const { changing, guests } = this.#variant;
    const guest = this.#chance.below(MOST_GUESTS);
    const isThere = guests.includes(guest);
    this.#touched.add(`guest-${guest}`);
    const isChanged = this.#chance.falls(0.3);
    if (isChanged) this.#touched.add("changing");
    this.#variant = {
      changing: isChanged ? changing + 1 : changing,
      adjusting: 2000 + this.#chance.below(3000),
      guests: isThere ? guests.filter((other) => other !== guest) : [...guests, guest],
    };
    this.#write();
    this.tally.reloads += 1;
    this.story.tell(`changes to ${JSON.stringify(this.#variant)}`);
    this.reaper.hangUp();
    if (this.#chance.falls(0.3)) this.#scale();
  }

  #scale(): void {
    if (this.#asking.has("inst")) return;
    this.#touched.add("inst");
    const count = 1 + this.#chance.below(MOST_INSTANCES);
    this.story.tell(`scales inst to ${count}`);
    const answered = this.#command("scale", "--no-wait", "inst", String(count));
    const heard = answered.then(({ code, stdout, stderr }) => {
      this.story.tell(`is answered on scale: ${code} ${stdout}${stderr}`);
      this.#instances = code === 0 ? count : null;
    });
    this.#asking.add("inst", heard);
  }

  /** Has a service end its pings, for which it is to be ended and started again. */
  #mute(): void {
    if (this.#asking.has(MUTABLE)) return;
    this.#touched.add(MUTABLE);
    this.story.tell(`mutes ${MUTABLE}`);
    const answered = this.#command("signal", "USR2", MUTABLE);
    const heard = answered.then(async ({ code, stdout, stderr }) => {
      this.story.tell(`is answered on signal: ${code} ${stdout}${stderr}`);
      // Until it has heard of that it looks as calm as it did before.
      if (code === 0) await this.#books.mute(MUTABLE, Number(/\(pid (\d+)\)/.exec(stdout)?.[1]));
    });
    this.#asking.add(MUTABLE, heard);
  }

  #connect(): void {
    const service = this.#chance.pick(["demanded", "passed"] as const);
    // Only who is started by a connection is concerned by it.
    if (service === "demanded") this.#touched.add(service);
    this.tally.calls += 1;
    this.story.tell(`connects to ${service}`);
    const called = call(this.#fleet.socketOf(service)).then(({ isRefused, text }) => {
      this.story.tell(`connected to ${service}: ${text}`);
      if (isRefused && !this.#unbacked.has(service))
        this.#unheard.push(`a connection to ${service} was refused: ${text}`);
    });
    this.#asking.add(service, called);
  }

  /** Ends all of daemonsup while others are killed, and starts it again. */
  async #shutDown(): Promise<void> {
    this.story.tell("shuts down");
    this.tally.shutdowns += 1;
    this.#wasShutDown = true;
    this.#touchAll("any");
    const ending = this.#command("shutdown");
    await Bun.sleep(this.#chance.below(400));
    const isAlone = await this.reaper.strikeDown();
    const { code, stdout, stderr } = await ending;
    this.story.tell(`is answered on shutdown: ${code} ${stdout}${stderr}`);
    if (!isAlone) return;
    if (code !== 0) this.#problems.push(`shutdown: ${code}: ${stdout}${stderr}`);
    const household = householdOf(this.place).all.join(", ");
    if (household !== "") this.#problems.push(`the supervisor was shut down, and ${household} are there`);
    for (const { service, pids } of this.#looker.living())
      this.#problems.push(`the supervisor was shut down, and ${pids.join(", ")} of ${service} live`);
    await this.reaper.startAgain();
  }

  /** Where everybody has died, only the service has its sockets on, until it ends. */
  #noteUnbacked({ views }: Look): void {
    for (const service of ["demanded", "passed"]) {
      const pid = views.find(({ name }) => name === service)?.pid ?? null;
      if (this.reaper.isBlind && pid !== null) this.#unbacked.set(service, pid);
      else if (pid !== this.#unbacked.get(service)) this.#unbacked.delete(service);
    }
  }

  #touchAll(want: "down" | "any"): void {
    for (const { group, name } of this.#members()) {
      this.#touched.add(group);
      this.#wants.set(name, want);
    }
  }

  async #judge(): Promise<readonly string[]> {
    const began = performance.now();
    this.#books.setQuiet(true);
    await this.reaper.ensureRunning();
    await Promise.race([this.#asking.answered(), Bun.sleep(CALM_MS)]);
    const { groups } = this.#asking;
    if (groups.length > 0) return [...this.#problems, `no answer to what was asked of ${groups.join(", ")}`];
    this.tally.unheard += this.#unheard.length;
    if (!this.reaper.isBlind && !this.#wasShutDown) this.#problems.push(...this.#unheard);
    this.#unheard = [];
    this.story.tell("reloads, and waits until all is calm");
    const reload = await this.#command("reload");
    if (reload.code !== 0) this.#problems.push(`reload: ${reload.code}: ${reload.stdout}${reload.stderr}`);
    for (;;) {
      const look = await this.#examiner.look();
      const mayEnd = this.reaper.isBlind || this.#wasShutDown;
      const unsettled = [...look.unsettled, ...(mayEnd ? [] : this.#followers.unsettled(look.views, look.lines))];
      if (unsettled.length === 0) {
        this.#examiner.settle(look);
        this.#noteUnbacked(look);
      }
      if (unsettled.length > 0 && performance.now() - began > CALM_MS)
        this.#problems.push(...unsettled.map((text) => `does not get calm: ${text}`));
      this.#problems.push(...this.#examiner.takeProblems(), ...this.#followers.takeProblems(mayEnd));
      if (unsettled.length === 0) await this.#followers.settle(mayEnd, look.lines);
      if (unsettled.length > 0 && this.#problems.length === 0) {
        await Bun.sleep(LOOK_MS);
        continue;
      }
      const problems = [...this.#books.violations(), ...this.#problems];
      this.#problems = [];
      return problems;
    }
  }

  #roundOf(member: Member, seen: Seen | null): Round {
    const isTouched = this.#touched.has(member.group);
    const want = this.#wants.get(member.name) ?? seen?.want ?? "any";
    const isKnown = want !== "any" && member.group === member.name && !this.#isGuest(member);
    return {
      isTouched,
      isBlind: this.reaper.isBlind || this.#wasShutDown,
      mayMissExits: this.reaper.mayMissExits || this.#wasShutDown,
      want: isKnown ? want : null,
    };
  }

  #isGuest({ name }: Member): boolean {
    return name.startsWith("guest");
  }

  async #command(...words: readonly string[]): Promise<CommandResult> {
    return await run([BINARY, ...words], { DAEMONSUP_RUNTIME_DIR: this.place.runtime });
  }
}
