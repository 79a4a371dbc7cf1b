/* What comes after a supervisor that has ended. Part of the composition root. */
import type { Exit } from "./core/exit.ts";
import { decideSuccession } from "./core/guardianship.ts";
import { type Instant, later, spanBetween } from "./core/units.ts";
import { type Beginning, type Ending, wordsOf } from "./guardian-life.ts";
import type { Upgrade } from "./guardian-upgrade.ts";
import { monotonicNow, wallNow } from "./os/clock.ts";
import { readOwnScore } from "./os/oom-score.ts";
import { type GuardianRole, OWN_PROGRAM } from "./role.ts";

type Given = Pick<Beginning, "handover" | "record" | "oomScore" | "before" | "upgrade">;

export class Succession {
  /** When the next supervisor begins, while there is none. */
  at: Instant = monotonicNow();
  /** Some supervisor was up. */
  everReady: boolean;
  /** The program is being changed. */
  upgrade: Upgrade | null = null;
  /** What this process was given, and supervisors are to have; null: it is not known. */
  readonly oomScore: number | null;
  /** Since when this guardian is of its version. */
  readonly since = wallNow();
  readonly #program: string;
  /** What every supervisor is given until one is up; null: nobody waits for that. */
  readonly #handover: GuardianRole["handover"];
  #next: Given;
  #failures = 0;

  constructor({ handover, ward, program, before }: GuardianRole) {
    // Without a handover there was a supervisor before, which has become this guardian, or was taken over from it.
    this.everReady = handover === null;
    this.oomScore = ward === null ? readOwnScore() : ward.oomScore;
    this.#program = program;
    this.#handover = handover;
    this.#next = { handover, record: "use", oomScore: null, before: before ?? null, upgrade: null };
  }

  /** What the next supervisor begins with. */
  get next(): Beginning {
    const { upgrade, since } = this;
    const image = upgrade === null ? OWN_PROGRAM : upgrade.program;
    return { ...this.#next, image, program: upgrade === null ? this.#program : upgrade.note.program, since };
  }

  /** Decides what follows. Ends this process if everything is over. */
  conclude(exit: Exit, life: Ending): void {
    const now = monotonicNow();
    const { over, wasReady } = life;
    if (this.upgrade !== null && over === null) return this.#goOnWith(this.upgrade, exit, life);
    const lived = spanBetween(life.began, now);
    const decided = decideSuccession({ exit, over, lived, wasReady, everReady: this.everReady }, this.#failures);
    if (decided.tag === "end") process.exit(decided.code);
    this.#failures = decided.failures;
    this.at = later(now, decided.after);
    const before = `the supervisor has died (${wordsOf(life, exit)}); its guardian has started another one`;
    this.#follow({ record: decided.record, before, upgrade: null });
  }

  /** The old supervisor has made room for the new one, or the new one has not come up: then the old one goes on. */
  #goOnWith(upgrade: Upgrade, exit: Exit, life: Ending): void {
    this.at = monotonicNow();
    if (upgrade.begins()) return this.#follow({ record: "use", before: null, upgrade: upgrade.note });
    this.#follow({ record: "use", before: null, upgrade: upgrade.failed(life, exit) });
    upgrade.close();
    this.upgrade = null;
  }

  #follow(next: Pick<Given, "record" | "before" | "upgrade">): void {
    this.#next = { handover: this.everReady ? null : this.#handover, oomScore: this.oomScore, ...next };
  }
}
