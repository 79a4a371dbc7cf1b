/* Who ends guardian and supervisor, at random, and starts them again where nobody else can. */
import { join } from "node:path";
import { type CommandResult, type TestPlace, hasEnded, untilTrue } from "../scenarios/test-supervisor.ts";
import type { Chance } from "./chance.ts";
import { householdOf, killAll, signal } from "./deaths.ts";

/**
 * How likely each is. supervisor, guardian, both: SIGKILL to these, at once; quick: several to the supervisor right after each
 * other; starting: both, and then the one that is started again; upgrade: SIGUSR2; none: nobody.
 */
export const DEATHS = { supervisor: 6, guardian: 4, both: 2, quick: 2, starting: 1, upgrade: 2, none: 1 } as const;
export type Death = keyof typeof DEATHS;

/** How long somebody who is there may take to answer. */
const ANSWER_MS = 30_000;
const LOOK_AGAIN_MS = 10;

export interface ReaperOptions {
  readonly chance: Chance;
  readonly weights: Readonly<Record<Death, number>>;
  readonly args: readonly string[];
  /** Put in front of the command that starts a supervisor. */
  wrapper(): readonly string[];
  tell(text: string): void;
}

export class Reaper {
  /** How often each of them was killed, or asked to replace itself. */
  readonly kills: Record<Death, number> = {
    supervisor: 0,
    guardian: 0,
    both: 0,
    quick: 0,
    starting: 0,
    upgrade: 0,
    none: 0,
  };
  /** true: nobody was there for a while. */
  isBlind = false;
  /** true: the guardian has died, be there a supervisor or not. */
  mayMissExits = false;
  /** true: some supervisor has died, or been asked to make room. */
  hasDied = false;
  /** By the last blow. */
  #killed: readonly number[] = [];
  readonly #place: TestPlace;
  readonly #options: ReaperOptions;

  constructor(place: TestPlace, options: ReaperOptions) {
    this.#place = place;
    this.#options = options;
  }

  /** All SIGKILLs that have reached somebody. */
  get total(): number {
    return Object.entries(this.kills).reduce((sum, [death, count]) => (death === "upgrade" ? sum : sum + count), 0);
  }

  /** One death, of whatever kind. */
  async strike(): Promise<void> {
    const { chance, weights, tell } = this.#options;
    const death = chance.weigh(weights);
    const { guardian, supervisor, all } = householdOf(this.#place);
    this.hasDied ||= death !== "none";
    tell(`strikes: ${death} (guardian ${guardian}, supervisor ${supervisor})`);
    switch (death) {
      case "none":
        return;
      case "upgrade":
        if (guardian !== null && signal(guardian, "SIGUSR2")) this.kills.upgrade += 1;
        return;
      case "supervisor":
        this.#kill(death, [this.#options.args.includes("--no-guardian") ? guardian : supervisor]);
        break;
      case "guardian":
        this.#kill(death, [guardian]);
        break;
      case "both":
        this.#kill(death, all);
        break;
      case "quick":
        for (let left = 2 + chance.below(3); left > 0; left--) {
          this.#kill(death, [householdOf(this.#place).supervisor]);
          await Bun.sleep(chance.below(40));
        }
        break;
      case "starting":
        this.#kill(death, all);
        await this.#startAndKill();
        break;
    }
    // On a loaded machine whoever was killed is there for a while yet, and must not be taken for someone who goes on.
    await untilTrue(() => this.#killed.every(hasEnded));
    if (householdOf(this.#place).all.length > 0) return;
    this.isBlind = true;
    this.mayMissExits = true;
    await Bun.sleep(chance.below(150));
    await this.startAgain();
  }

  /** Kills, or replaces, while all is about to end, and starts nobody again. false: nobody is left, or may be, to finish that. */
  async strikeDown(): Promise<boolean> {
    const { chance, weights, tell } = this.#options;
    const death = chance.weigh({ ...weights, starting: 0, none: weights.none + 1 });
    const { guardian, supervisor, all } = householdOf(this.#place);
    this.hasDied = true;
    tell(`strikes what ends: ${death} (guardian ${guardian}, supervisor ${supervisor})`);
    if (guardian === null) return false;
    if (death === "upgrade" && signal(guardian, "SIGUSR2")) this.kills.upgrade += 1;
    if (death === "none" || death === "upgrade") return true;
    const victims = { supervisor: [supervisor], guardian: [guardian], quick: [supervisor], both: all, starting: [] };
    this.#kill(death, victims[death]);
    const isLeft = death !== "both" && supervisor !== null;
    this.isBlind ||= !isLeft;
    return await Promise.resolve(isLeft);
  }

  /** Resolves once somebody answers, or there is someone who does not. Starts one again if there is none, as an operator would. */
  async ensureRunning(): Promise<void> {
    for (const end = performance.now() + ANSWER_MS; performance.now() < end && !(await this.#isAnswered());) {
      if (householdOf(this.#place).all.length > 0) {
        await Bun.sleep(LOOK_AGAIN_MS);
        continue;
      }
      this.isBlind = true;
      this.mayMissExits = true;
      await this.startAgain();
    }
  }

  /** Who is about to end, or was left without the other, may be there and never answer. */
  async #isAnswered(): Promise<boolean> {
    const unix = join(this.#place.runtime, "control.sock");
    const options = { unix, keepalive: false, signal: AbortSignal.timeout(ANSWER_MS) };
    return await fetch("http://daemonsup/v1/version", options).then(
      async (response) => (await response.json()) !== null,
      () => false,
    );
  }

  /** Throws if it does not start. */
  async startAgain(): Promise<void> {
    this.#options.tell("starts daemonsup");
    const { code, stdout, stderr } = await this.#launch();
    this.#options.tell(`has started daemonsup: ${code} ${stdout}${stderr}`.trim());
    // Whoever was killed may have left a successor that was not seen yet.
    if (code !== 0 && householdOf(this.#place).all.length === 0)
      throw new Error(`cannot start daemonsup: ${code}: ${stdout}${stderr}`);
  }

  /** Has everything read again. */
  hangUp(): void {
    const { guardian } = householdOf(this.#place);
    if (guardian !== null) signal(guardian, "SIGHUP");
  }

  killAll(): void {
    killAll(this.#place, householdOf(this.#place).all);
  }

  async #startAndKill(): Promise<void> {
    this.isBlind = true;
    const launching = this.#launch();
    await Bun.sleep(this.#options.chance.below(250));
    this.#kill("starting", householdOf(this.#place).all);
    const { code } = await launching;
    this.#options.tell(`has killed what was starting: ${code}`);
  }

  #launch(): Promise<CommandResult> {
    return this.#place.launch({ args: this.#options.args, wrapper: this.#options.wrapper() });
  }

  #kill(death: Death, pids: readonly (number | null)[]): void {
    this.mayMissExits ||= death !== "supervisor" && death !== "quick";
    this.#killed = killAll(this.#place, pids);
    this.kills[death] += this.#killed.length;
    this.#options.tell(`kills ${pids.join(", ")}`);
  }
}
