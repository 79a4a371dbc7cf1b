import type { Book } from "./book.ts";
import type { Quiet } from "./quiet.ts";
import type { Workshop } from "./workshop.ts";

/** What every measurement needs. */
export interface Scene {
  readonly workshop: Workshop;
  /** Paths. */
  readonly programs: { readonly daemonsup: string; readonly service: string; readonly driver: string };
  readonly book: Book;
  readonly quiet: Quiet;
  /** How many services. */
  readonly count: number;
}
