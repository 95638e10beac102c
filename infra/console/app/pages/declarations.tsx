export function Declarations() {
  return <h1>Declarations</h1>;
}
