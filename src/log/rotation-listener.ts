/** Knows of services that write their logs themselves whether they can be told to open them anew. */
export interface RotationListener {
  /** The logs of the service are due: calls `rotate`, or does not, if it would not understand now what it was told. */
  due(service: string, rotate: () => void): void;
  /** They were moved away. */
  rotated(service: string): void;
}
