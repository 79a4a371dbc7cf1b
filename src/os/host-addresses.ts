/**
 * Asks for the addresses of a host, in the order in which they are to be tried (getaddrinfo(3)); asks anew each time. `done`
 * is called later with the addresses, or with the name of an errno, or of an error of the look-up such as ENOTFOUND.
 */
export function findHostAddresses(host: string, done: (found: readonly string[] | string) => void): void {
  // Loaded with the first name, as few need it.
  process.getBuiltinModule("node:dns").lookup(host, { all: true }, (error, addresses) => {
    if (error === null) done(addresses.map(({ address }) => address));
    else done(error.code ?? error.message);
  });
}
