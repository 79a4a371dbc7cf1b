import { readdirSync, statSync } from "node:fs";

/** How many descriptors the process has open; null: it is gone, or may not be looked at. */
export function countDescriptors(pid: number): number | null {
  const directory = `/proc/${pid}/fd`;
  try {
    // Since Linux 6.2 the size of the directory is their number; before it was 0.
    return statSync(directory).size || readdirSync(directory).length;
  } catch {
    return null;
  }
}
