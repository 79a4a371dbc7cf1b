import type { Notification } from "../core/notify-message.ts";
import { type PlainData, numberIn, textIn } from "../core/plain-data.ts";

/** What a service has said of how it is, until it says something else. */
export interface OwnWords {
  readonly status: string | null;
  readonly errno: number | null;
  readonly busError: string | null;
  readonly varlinkError: string | null;
  readonly exitStatus: number | null;
}

export const NO_WORDS: OwnWords = { status: null, errno: null, busError: null, varlinkError: null, exitStatus: null };

/** The words with what a notification adds; the same object if it adds nothing. ERRNO=0 and an empty STATUS take back. */
export function addWords(words: OwnWords, said: Notification): OwnWords {
  const { status, errno, busError, varlinkError, exitStatus } = said;
  if (status === null && errno === null && busError === null && varlinkError === null && exitStatus === null)
    return words;
  return {
    status: status === null ? words.status : status === "" ? null : status,
    errno: errno === null ? words.errno : errno === 0 ? null : errno,
    busError: busError ?? words.busError,
    varlinkError: varlinkError ?? words.varlinkError,
    exitStatus: exitStatus ?? words.exitStatus,
  };
}

/** What was written down of them, as far as it can be read. */
export function readWords(data: PlainData | undefined): OwnWords {
  return {
    status: textIn(data, "status"),
    errno: numberIn(data, "errno"),
    busError: textIn(data, "busError"),
    varlinkError: textIn(data, "varlinkError"),
    exitStatus: numberIn(data, "exitStatus"),
  };
}

/** true if a notification tells of something that went wrong. */
export function tellsTrouble({ errno, busError, varlinkError, exitStatus }: Notification): boolean {
  return (
    (errno !== null && errno !== 0) ||
    busError !== null ||
    varlinkError !== null ||
    (exitStatus !== null && exitStatus !== 0)
  );
}

/** "listening (error EADDRINUSE, exit status 3)"; null if nothing has been said. */
export function renderOwnWords(words: OwnWords, errnoNameOf: (errno: number) => string): string | null {
  const { status, errno, busError, varlinkError, exitStatus } = words;
  const errors = [
    errno === null ? null : `error ${errnoNameOf(errno)}`,
    busError === null ? null : `error ${busError}`,
    varlinkError === null ? null : `error ${varlinkError}`,
    exitStatus === null ? null : `exit status ${exitStatus}`,
  ].filter((error) => error !== null);
  if (errors.length === 0) return status;
  return status === null ? errors.join(", ") : `${status} (${errors.join(", ")})`;
}
