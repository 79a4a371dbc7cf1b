/** Exit statuses of every daemonsup command, in the manner of the LSB's init scripts. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notUp: 3,
  permission: 4,
  noSuchService: 5,
  invalidConfiguration: 6,
  notRunning: 7,
  timedOut: 124,
} as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
