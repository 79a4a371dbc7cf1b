import type { ProcessPort, ProcessRow } from "./ports.ts";

/** The children of this process that it has made itself, and what they are. All others are orphans, known or strangers. */
export class KnownChildren {
  readonly #ports: Pick<ProcessPort, "strangers" | "knowChild" | "forgetChild">;
  readonly #serviceOfMain = new Map<number, string>();
  /** Neither main processes nor orphans: commands at work. */
  readonly #helpers = new Set<number>();

  constructor(ports: Pick<ProcessPort, "strangers" | "knowChild" | "forgetChild">) {
    this.#ports = ports;
  }

  addMain(pid: number, service: string): void {
    this.#serviceOfMain.set(pid, service);
    this.#ports.knowChild(pid);
  }

  addHelper(pid: number): void {
    this.#helpers.add(pid);
    this.#ports.knowChild(pid);
  }

  serviceOfMain(pid: number): string | null {
    return this.#serviceOfMain.get(pid) ?? null;
  }

  /** Which service a child of ours belongs to. */
  serviceOf(child: ProcessRow, orphans: { serviceOf(orphan: ProcessRow): string | null }): string | null {
    const asMain = this.serviceOfMain(child.pid);
    if (asMain !== null) return asMain;
    return this.isHelper(child.pid) ? null : orphans.serviceOf(child);
  }

  isHelper(pid: number): boolean {
    return this.#helpers.has(pid);
  }

  /** It is the main process no longer. `isOrphan`: it was one before, and remains known as that until it is reaped. */
  removeMain(pid: number, isOrphan: boolean): void {
    this.#serviceOfMain.delete(pid);
    if (!isOrphan) this.#ports.forgetChild(pid);
  }

  /** A process that had this number has been reaped, by whomever. */
  reaped(pid: number): void {
    this.#helpers.delete(pid);
    if (!this.#serviceOfMain.has(pid)) this.#ports.forgetChild(pid);
  }

  /** Children that were not made here and have not been met. */
  strangers(): readonly number[] {
    return this.#ports.strangers().filter((pid) => !this.#serviceOfMain.has(pid) && !this.#helpers.has(pid));
  }
}
