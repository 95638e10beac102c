/** What this process has used of the processor so far, in milliseconds; unlike a clock, it does not count what others use. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
