import type { CompanionKernel } from "../../src/supervisor/companions.ts";

function absent(): never {
  throw new Error("this test has no such kernel");
}

/** A machine without sockets, clocks that are set and files that change; for supervisors whose services need none. */
export function literalKernel(): CompanionKernel {
  return {
    estate: { hold() {}, release() {}, inherit: () => new Map(), flush() {} },
    notify: {
      sockets: {
        open: () => "there are no sockets",
        reopen: absent,
        adopt: absent,
        receive: absent,
        dismiss: absent,
        close: absent,
      },
      hangups: { fd: -1, add: absent, remove: absent, look: absent },
      isSameOpenFile: absent,
      errnoNameOf: (errno) => String(errno),
      kernelMicros: absent,
      readyPipes: { open: absent, identityOf: absent, reopen: absent, peek: absent, take: absent },
    },
    sockets: { open: () => ({ tag: "failed", message: "there are no sockets" }), closeUnclaimed() {} },
    network: { addressesOf: absent, connect: absent, takeError: absent, send: absent, receive: absent, close: absent },
    schedules: {
      memory: { load: () => new Map(), save: () => null },
      chance: () => 0,
      zone: () => "UTC",
      onClockSet: () => () => {},
    },
    openFiles: () => "ENOSYS",
  };
}
