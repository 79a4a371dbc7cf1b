/*
 * The Unix sockets on which clients are answered. They outlive the supervisor: who connects while there is none waits in the
 * socket until the next one takes it up. Part of the composition root.
 */
import { lstatSync } from "node:fs";
import { socketPathProblem } from "./control/socket-file.ts";
import { unlinkStaleSocket } from "./control/stale-socket-file.ts";
import type { EstatePort } from "./core/estate.ts";
import { CannotStart } from "./daemon-failure.ts";
import {
  type ListenRequest,
  type ListeningSocket,
  adjustListeningSocket,
  closeListeningSocket,
  duplicateSocket,
  makeNonBlocking,
  openListeningSocket,
} from "./os/listening-socket.ts";
import { closeDescriptor } from "./os/pipe-io.ts";
import { isReadable } from "./os/poll.ts";

/** So many connections wait in it; the kernel may allow fewer (net.core.somaxconn). */
const BACKLOG = 4096;

export interface ControlSocket {
  /** A duplicate that listens and does not block, which the caller closes. */
  readonly listening: number;
  /** Another such one; null if there is no descriptor for it. */
  duplicate(): number | null;
  /** Somebody has connected and was not taken in yet. */
  isAwaited(): boolean;
  /** Nobody reaches us by it any more. To be called once the duplicate is closed. */
  close(): void;
}

/**
 * The socket at this path: that of a predecessor, or a new one. Members of `group` may use it as well (mode 0660); null: only the
 * owner (0600). Throws CannotStart. The caller holds the supervisor's lock.
 */
export function openControlSocket(path: string, group: number | null, estate: EstatePort): ControlSocket {
  const problem = socketPathProblem(path);
  if (problem !== null) throw new CannotStart([problem]);
  const access = { mode: group === null ? 0o600 : 0o660, uid: null, gid: group };
  const request: UnixRequest = { listen: { tag: "unix", path }, backlog: BACKLOG, reusePort: false, ...access };
  const { heldAs, socket } = inherit(request, estate) ?? make(request, estate);
  const listening = duplicateSocket(socket.fd);
  if (typeof listening === "string") throw new CannotStart([`cannot listen on "${path}": ${listening}`]);
  makeNonBlocking(listening);
  return {
    listening,
    duplicate() {
      const another = duplicateSocket(socket.fd);
      return typeof another === "string" ? null : another;
    },
    isAwaited: () => isReadable(socket.fd),
    close() {
      estate.release(heldAs);
      closeListeningSocket(socket);
    },
  };
}

/** A socket in the estate, and its name there: "control PATH DEVICE INODE". */
interface Held {
  readonly heldAs: string;
  readonly socket: ListeningSocket;
}

interface UnixRequest extends ListenRequest {
  readonly listen: { readonly tag: "unix"; readonly path: string };
}

/** What a predecessor has left, if it is what the path leads to; null: it is not, and of no use to anybody. */
function inherit(request: UnixRequest, estate: EstatePort): Held | null {
  const { path } = request.listen;
  let found: Held | null = null;
  for (const [heldAs, fd] of estate.inherit(prefixOf(path))) {
    const [device = "0", inode = "0"] = heldAs.slice(prefixOf(path).length).split(" ");
    const file = { path, device: BigInt(device), inode: BigInt(inode) };
    const isUsable = found === null && isAt(file) && adjustListeningSocket({ fd, file }, request) === null;
    if (isUsable) found = { heldAs, socket: { fd, file } };
    else {
      estate.release(heldAs);
      closeDescriptor(fd);
    }
  }
  return found;
}

function isAt({ path, device, inode }: NonNullable<ListeningSocket["file"]>): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return now?.dev === device && now.ino === inode;
}

function make(request: UnixRequest, estate: EstatePort): Held {
  const { path } = request.listen;
  const unlinked = unlinkStaleSocket(path);
  if (unlinked.tag === "failed") throw new CannotStart([unlinked.message]);
  const opened = openListeningSocket(request);
  if (opened.tag === "failed") throw new CannotStart([opened.message]);
  const { socket } = opened;
  const heldAs = `${prefixOf(path)}${socket.file?.device ?? 0} ${socket.file?.inode ?? 0}`;
  estate.hold(heldAs, socket.fd);
  return { heldAs, socket };
}

function prefixOf(path: string): string {
  return `control ${JSON.stringify(path)} `;
}
