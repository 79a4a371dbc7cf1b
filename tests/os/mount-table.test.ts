import { expect, test } from "bun:test";
import { isLocal, mountOf, parseMountTable, readMountTable } from "../../src/os/mount-table.ts";

const TABLE = parseMountTable(
  [
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
    "30 22 0:40 / /srv rw,relatime shared:1 master:2 - nfs4 host:/ rw",
    "31 30 8:2 / /srv/my\\040logs rw - xfs /dev/sdb rw",
    "32 22 8:3 / /cover rw - ext4 /dev/sdc rw",
    "33 32 0:50 / /cover rw - tmpfs none rw",
    "",
  ].join("\n"),
);

test.each([
  ["/var/log/a.log", "8:1"],
  ["/srv/a.log", "0:40"],
  ["/srv", "0:40"],
  ["/srvother/a.log", "8:1"],
  ["/srv/my logs/a.log", "8:2"],
  ["/cover/a.log", "0:50"],
])("%p lies on the file system of its nearest mount, the last one where there are several", (path, device) => {
  expect(mountOf(path, TABLE)?.device).toBe(device);
});

test("this machine's own table has a root, and a network is not local", () => {
  expect(mountOf("/", readMountTable())?.point).toBe("/");
  expect([isLocal("ext4"), isLocal("nfs4"), isLocal("fuse.sshfs")]).toEqual([true, false, false]);
});
