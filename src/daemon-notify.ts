/* Fits the kernel to what hears the services. Part of the composition root. */
import { errnoNameOf } from "./os/errno-names.ts";
import { HangupWatch } from "./os/hangup-watch.ts";
import { monotonicMicros } from "./os/micro-clock.ts";
import { NotifyPlace } from "./os/notify-place.ts";
import { NotifyReceiver } from "./os/notify-socket.ts";
import { openBlockingPipe } from "./os/pipe-io.ts";
import { PipePeeker } from "./os/pipe-peek.ts";
import { openReadyPipe, pipeIdentityOf, reopenReadyPipe } from "./os/ready-pipe.ts";
import { isSameOpenFile } from "./os/same-file.ts";
import type { NotifyKernel } from "./supervisor/notify-companions.ts";

/** To be called as the user who the supervisor stays. Only root's services are of other users than itself. */
export function makeNotifyKernel(runtimeDirectory: string): NotifyKernel {
  const place = new NotifyPlace(runtimeDirectory, process.geteuid?.() === 0);
  const receiver = new NotifyReceiver();
  let peeker: PipePeeker | null = null;
  return {
    sockets: {
      open: () => place.open(),
      reopen: (address) => place.reopen(address),
      adopt: (socket) => place.adopt(socket),
      receive: (fd) => receiver.receive(fd),
      dismiss: (fd) => receiver.dismiss(fd),
      close: (socket) => place.close(socket),
    },
    hangups: new HangupWatch(),
    isSameOpenFile,
    errnoNameOf,
    kernelMicros: monotonicMicros,
    readyPipes: {
      open: openReadyPipe,
      identityOf: pipeIdentityOf,
      reopen: reopenReadyPipe,
      peek(fd, buffer) {
        const result = (peeker ??= openPeeker()).peek(fd, buffer, { offset: 0, most: buffer.length });
        if (result.tag === "read") return result.count;
        return result.tag === "empty" ? "empty" : "ended";
      },
      take: (fd, room) => peeker?.take(fd, room),
    },
  };
}

/** Opened when it is first needed, and kept. */
function openPeeker(): PipePeeker {
  const opened = openBlockingPipe();
  if (opened.tag === "failed") throw new Error(`cannot make a pipe: ${opened.errno}`);
  return new PipePeeker(opened.ends);
}
