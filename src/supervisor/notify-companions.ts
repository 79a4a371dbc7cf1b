/* What hears services: their notifications, pings and stored descriptors, which belong together, put together. */
import type { Definition } from "../core/definition.ts";
import type { EstatePort } from "../core/estate.ts";
import { mainPidOf } from "../core/service-state.ts";
import type { Annotate } from "./companion.ts";
import { DescriptorStore, type DescriptorStorePorts } from "./descriptor-store.ts";
import { type NotificationPorts, Notifications } from "./notifications.ts";
import { type SenderPorts, relationOf } from "./notify-senders.ts";
import type { ProcessPort, TimerPort } from "./ports.ts";
import type { UserPort } from "./prepare-run.ts";
import { ReadyDescriptor, type ReadyDescriptorPorts } from "./ready-descriptor.ts";
import { Watchdog } from "./watchdog.ts";

/** What the kernel does for it. */
export type NotifyKernel = Pick<NotificationPorts, "sockets" | "errnoNameOf" | "kernelMicros"> &
  Pick<DescriptorStorePorts, "hangups" | "isSameOpenFile"> &
  Pick<ReadyDescriptorPorts, "readyPipes">;

/** What the supervisor does for it. */
export interface HearingPorts
  extends
    Pick<
      NotificationPorts,
      "clock" | "report" | "tell" | "record" | "amend" | "output" | "mayBeMain" | "resetRestarts"
    >,
    Pick<SenderPorts, "isCommandOf" | "isMember"> {
  readonly kernel: NotifyKernel;
  readonly estate: EstatePort;
  readonly annotate: Annotate;
  readonly timers: TimerPort;
  readonly processes: Pick<ProcessPort, "row" | "closeFd">;
  readonly users: Pick<UserPort, "findUser" | "ownUid">;
}

export interface NotifyCompanions {
  readonly notifications: Notifications;
  readonly watchdog: Watchdog;
  readonly store: DescriptorStore;
  readonly readyDescriptor: ReadyDescriptor;
}

export function makeNotifyCompanions(ports: HearingPorts): NotifyCompanions {
  const { kernel, processes } = ports;
  const closeFd = (fd: number): void => processes.closeFd(fd);
  const senders: SenderPorts = {
    mainOf: (service) => mainOf(service, ports),
    isCommandOf: (service, pid) => ports.isCommandOf(service, pid),
    isMember: (service, pid) => ports.isMember(service, pid),
    row: (pid) => processes.row(pid),
    uidOf: (service) => uidOf(ports.record(service)?.definition ?? null, ports.users),
  };
  const store = new DescriptorStore({ ...ports, ...kernel, closeFd });
  const watchdog = new Watchdog({ ...ports, settle: (service) => notifications.settle(service) });
  const notifications: Notifications = new Notifications({
    ...ports,
    ...kernel,
    pings: watchdog,
    store,
    closeFd,
    relationOf: (service, sender) => relationOf(service, sender, senders),
  });
  const readyDescriptor = new ReadyDescriptor({ ...ports, ...kernel, closeFd });
  return { notifications, watchdog, store, readyDescriptor };
}

function mainOf(service: string, { record }: Pick<HearingPorts, "record">): number | null {
  const state = record(service)?.state;
  return state === undefined ? null : mainPidOf(state);
}

function uidOf(definition: Definition | null, users: HearingPorts["users"]): number {
  return definition?.user == null ? users.ownUid : (users.findUser(definition.user)?.uid ?? users.ownUid);
}
