/**
 * Stands in an environment for the pid of the process that is given it: "LISTEN_PID=" and this. That number is known only
 * in the child itself, which writes it over these blanks before it executes; there is room for any pid.
 */
export const OWN_PID: string = " ".repeat(10);
