import type { Records, RelayTarget } from "./relay-messages.ts";

/** Records that are to be handed on; `done` is called once they are. */
export interface Parcel extends Records {
  /** So many more of its bytes are. */
  took(bytes: number): void;
  done(): void;
  /** So many of its lines are given up; `done` follows. */
  lost(lines: number): void;
}

/** Another program that takes records, in their order. */
export interface Outlet {
  push(parcel: Parcel): void;
  /** Done when everything so far has been handed on. */
  settle(): Promise<void>;
  /** Nothing more follows: hands on what it has, as far as it can be done soon, and ends. */
  close(): void;
}

export type OpenOutlet = (target: RelayTarget, name: string) => Outlet;

/** Says once that something fails, and once that it works again; in words for the log. */
export type OutletReport = (message: string, recovered: boolean) => void;
