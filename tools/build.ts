import { buildBinary } from "./build-binary.ts";
import { requireToolchain } from "./toolchain.ts";

requireToolchain();
const result = await buildBinary();
switch (result.tag) {
  case "built":
    console.log(`built dist/daemonsup, ${Math.round(result.bytes / 1e6)} MB, in ${result.tookMs} ms`);
    break;
  case "unchanged":
    console.log("dist/daemonsup is up to date");
    break;
  case "failed":
    console.error(result.output.trimEnd());
    console.error('cannot build "dist/daemonsup": see above');
    process.exit(1);
}
