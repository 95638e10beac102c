export function DeadLetters() {
  return <h1>DeadLetters</h1>;
}
