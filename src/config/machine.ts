/**
 * What the config room asks about users and groups; everything else about the machine it looks up in the file system.
 * The real one asks the name service switch (getpwnam, getgrnam), so that directory services count too.
 */
export interface Machine {
  userExists(name: string): boolean;
  groupExists(name: string): boolean;
  /** null: there is no such user. Where it can be asked, a service with another user is a fault for who is not root. */
  uidOf?(name: string): number | null;
}
