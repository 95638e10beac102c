import { dlopen } from "bun:ffi";

/** The C library, by platform: glibc, musl, macOS. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1", "libSystem.B.dylib"];

/**
 * Looks up what ends the whole process from any of its threads, without its event loop. `process.exit` ends no more than its
 * own worker, and SIGKILL has no exit code and cannot end process 1 of a container from within.
 * @throws Error where no C library is found
 */
export function openProcessExit(): (code: number) => void {
  for (const name of LIBRARIES) {
    try {
      const library = dlopen(name, { _exit: { args: ["i32"], returns: "void" } });
      return (code) => library.symbols._exit(code);
    } catch {
      // Another platform's.
    }
  }
  throw new Error(`none of ${LIBRARIES.join(", ")} can be loaded`);
}
