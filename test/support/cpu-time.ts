/** CPU time of this process so far, in milliseconds. Unlike a clock, it does not count other processes. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
