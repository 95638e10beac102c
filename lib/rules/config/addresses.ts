/**
 * The addresses in one string of a list. An environment variable often contains several separated by commas, and no address
 * contains a comma.
 */
export function addressesIn(text: string): string[] {
  return text
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
}
