export function Reconcile() {
  return <h1>Reconcile</h1>;
}
