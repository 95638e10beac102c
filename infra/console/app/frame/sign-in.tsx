import { useRef, useState } from "../hooks/hooks.ts";
import { ApiError, ask, signInNeeded } from "../state/api.ts";
import { noteSignedIn } from "./header.tsx";

/** Exchanges the access token for a cookie. The token itself is not stored. */
export function SignIn() {
  const token = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | null>(null);
  const signIn = async (event: Event): Promise<void> => {
    event.preventDefault();
    const input = token.current;
    if (input === null) return;
    try {
      await ask("/session", { method: "POST", body: { token: input.value } });
      input.value = "";
      noteSignedIn();
      signInNeeded.set(false);
    } catch (thrown) {
      setError(
        thrown instanceof ApiError && thrown.status === 401
          ? "That token was not accepted."
          : String(thrown instanceof Error ? thrown.message : thrown),
      );
    }
  };
  return (
    <main id="main" class="sign-in">
      <h1 class="brand">
        <img src="/assets/icon.svg" alt="" width="28" height="28" />
        Penstock
      </h1>
      <p class="muted">The host at {location.host}</p>
      <form onSubmit={(event: Event) => void signIn(event)}>
        <label for="token">Access token</label>
        <input id="token" ref={token} type="password" autocomplete="current-password" required autofocus />
        <button type="submit" class="primary">
          Sign in
        </button>
        <p role="alert" class="bad">
          {error ?? ""}
        </p>
      </form>
    </main>
  );
}
