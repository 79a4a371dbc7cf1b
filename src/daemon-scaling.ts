/* Fits the memory of what is asked of templates to what scaling needs. Part of the composition root. */
import { encodeInstances, instancesFileOf } from "./config/instances-file.ts";
import { nameFaultOf } from "./config/service-name.ts";
import type { ConfigurationReading } from "./config/configuration-text.ts";
import type { ConfigurationReader } from "./daemon-configuration.ts";
import { acceptDraft, draftOf, dropDraft, writeDraft } from "./os/draft-file.ts";
import { type ScalingPorts, isInstanceOf } from "./supervisor/scaling.ts";

export function makeScalingPorts(stateDirectory: string, reader: ConfigurationReader): ScalingPorts {
  const path = instancesFileOf(stateDirectory);
  let tried: ConfigurationReading | null = null;
  return {
    templates: () => reader.latest.templates,
    wishes: () => reader.latest.instances,
    nameFaultOf,
    // What is tried is what will be remembered: it is written down first, and read from there.
    async tryOut(wishes) {
      return (await writeDraft(path, encodeInstances(wishes))) ?? (tried = await reader.tryOut(draftOf(path)));
    },
    keep(wishes, template) {
      const failure = acceptDraft(path);
      if (failure === null && tried?.tag === "loaded")
        reader.remember(wishes, (service) => isInstanceOf(service, template), tried);
      return failure;
    },
    drop: () => dropDraft(path),
  };
}
