/**
 * The addresses that one text of a list names: a variable of a container's environment often holds several, with commas
 * between, and no address holds one.
 */
export function addressesIn(text: string): string[] {
  return text
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
}
