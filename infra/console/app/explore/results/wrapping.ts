import { kept } from "../../state/preferences.ts";

/** Whether long lines take several rows. */
export const wrapping = kept("wrap", ["off", "on"], "off");
