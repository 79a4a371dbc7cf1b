/* Fits the memory of what is asked of templates to what scaling needs. Part of the composition root. */
import { encodeInstances, instancesFileOf } from "./config/instances-file.ts";
import { nameFaultOf } from "./config/service-name.ts";
import type { ConfigurationReader } from "./daemon-configuration.ts";
import { acceptDraft, draftOf, dropDraft, writeDraft } from "./os/draft-file.ts";
import type { ScalingPorts } from "./supervisor/scaling.ts";

export function makeScalingPorts(stateDirectory: string, reader: ConfigurationReader): ScalingPorts {
  const path = instancesFileOf(stateDirectory);
  return {
    wishes: () => reader.latest.instances,
    nameFaultOf,
    // What is tried is what will be remembered: it is written down first, and read from there.
    async tryOut(wishes) {
      return (await writeDraft(path, encodeInstances(wishes))) ?? (await reader.tryOut(draftOf(path)));
    },
    keep(wishes) {
      const failure = acceptDraft(path);
      if (failure === null) reader.remember(wishes);
      return failure;
    },
    drop: () => dropDraft(path),
  };
}
