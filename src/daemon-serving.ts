/* Opens what clients talk to: a socket for each level of access. Part of the composition root. */
import type { ControlPort } from "./control/control-port.ts";
import { type ServeOptions, serveControl } from "./control/server.ts";
import { unlinkStaleSocket } from "./control/socket-file.ts";
import { controlSocketOf, statusSocketOf } from "./core/paths.ts";
import { CannotStart } from "./daemon-failure.ts";
import type { ServingGroups } from "./daemon-places.ts";
import { readDescriptorLimit } from "./os/descriptor-limit.ts";

/** Most connections of those who may only look. */
const MOST_LOOKERS = 256;

export interface ServingParts {
  /** The supervisor's runtime directory. */
  readonly runtime: string;
  readonly port: ControlPort;
  readonly groups: ServingGroups;
  /** Is told of bugs of ours. */
  readonly report: (message: string) => void;
}

export interface Serving {
  close(): Promise<void>;
}

/** Opens all sockets. The caller holds the supervisor's lock. */
export function openServing({ runtime, port, groups, report }: ServingParts): Serving {
  // The other descriptors are for services, their logs and whatever is opened for a moment.
  const quarter = Math.floor(readDescriptorLimit() / 4);
  const control = open(controlSocketOf(runtime), port, {
    access: "operate",
    group: groups.control,
    capacity: quarter,
    report,
  });
  const path = statusSocketOf(runtime);
  removeStale(path);
  if (groups.status === null) return control;
  const capacity = Math.min(MOST_LOOKERS, Math.ceil(quarter / 2));
  const status = open(path, port, { access: "read", group: groups.status, capacity, report });
  return {
    async close() {
      await Promise.all([control.close(), status.close()]);
    },
  };
}

function open(path: string, port: ControlPort, options: ServeOptions): Serving {
  removeStale(path);
  const serving = serveControl(path, port, options);
  if (serving.tag === "failed") throw new CannotStart([serving.message]);
  return serving;
}

function removeStale(path: string): void {
  const unlinked = unlinkStaleSocket(path);
  if (unlinked.tag === "failed") throw new CannotStart([unlinked.message]);
}
