import manifest from "../package.json" with { type: "json" };

/** A build may be given a version of its own; otherwise it has that of the project. */
declare const BUILD_VERSION: string | undefined;

export const VERSION: string = typeof BUILD_VERSION === "string" ? BUILD_VERSION : manifest.version;
