/** Most instances of one template. */
export const MAX_INSTANCES = 1000;
