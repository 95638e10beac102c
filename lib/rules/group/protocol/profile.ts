import { visibleText } from "../../base/visible-text.ts";
import { type Reader, UnreadableBytes, type Writer } from "./bytes.ts";

/** What a host tells its group about itself, so that any host can show all. */
export interface HostProfile {
  /** For people, such as the machine's name; not unique. */
  readonly name: string;
  readonly version: string;
  /** Where other hosts reach its HTTP port: an origin without a slash at the end, `http://10.0.0.1:8080`. */
  readonly address: string;
  readonly startedAtMs: number;
}

/** Longer texts come from nobody we know. */
const LONGEST = { name: 255, version: 64, address: 300 } as const;
const FORMAT = 1;

/** Shortens an own name that is too long to be read by others. */
export function profileName(name: string): string {
  return name.slice(0, LONGEST.name);
}

/** Follows the parts of a subscription that older versions know. They ignore what comes after. */
export function writeProfile(writer: Writer, { name, version, address, startedAtMs }: HostProfile): void {
  writer.int8(FORMAT).string(name).string(version).string(address).string(String(startedAtMs));
}

/**
 * Never throws: whoever may join the group may write anything here, and it only serves to show hosts.
 * @returns null if there is none, or none that can be believed
 */
export function readProfile(reader: Reader): HostProfile | null {
  try {
    if (reader.int8() !== FORMAT) return null;
    const [name, version, address] = [reader.string(), reader.string(), reader.string()];
    const startedAtMs = Number(reader.string());
    const isPlausible =
      isShown(name, LONGEST.name) &&
      isShown(version, LONGEST.version) &&
      address.length <= LONGEST.address &&
      isOrigin(address) &&
      Number.isSafeInteger(startedAtMs) &&
      startedAtMs >= 0;
    return isPlausible ? { name, version, address, startedAtMs } : null;
  } catch (error) {
    if (error instanceof UnreadableBytes) return null;
    throw error;
  }
}

/** Text that looks on a page or a terminal as it is: no control or invisible characters. */
function isShown(text: string, longest: number): boolean {
  return text !== "" && text.length <= longest && visibleText(text) === text;
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}
