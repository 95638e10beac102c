import { dlopen } from "bun:ffi";

/** The C library, by platform: glibc, musl, macOS. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libSystem.B.dylib"];

/**
 * Looks up `_exit`, which ends the whole process from any thread without the event loop. In a worker, `process.exit`
 * ends only that worker; SIGKILL carries no exit code and cannot end process 1 of a container from within.
 * @throws Error if no C library is found
 */
export function openProcessExit(): (code: number) => void {
  for (const name of LIBRARIES) {
    try {
      const library = dlopen(name, { _exit: { args: ["i32"], returns: "void" } });
      return (code) => library.symbols._exit(code);
    } catch {
      // Belongs to another platform.
    }
  }
  throw new Error(`none of ${LIBRARIES.join(", ")} can be loaded`);
}
