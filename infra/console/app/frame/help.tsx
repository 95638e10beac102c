import { shortcuts } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { Dialog } from "../components/dialog.tsx";
import { pages } from "./header.tsx";

const keys: readonly (readonly [keys: string, what: string])[] = [
  ["/", "Search or filter"],
  ["j  k", "Next, previous line (Explore)"],
  ["Enter", "Open or close the line"],
  ["c", "Copy a link to what is shown"],
  ["l  p", "Live tail, pause it"],
  ["t", "Time zone: this browser's or UTC"],
  ...pages.map(({ key, name }) => [`g ${key}`, name] as const),
  ["?", "This help"],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  const on = useStore(shortcuts) === "on";
  return (
    <Dialog title="Keys" close="Close" onClose={onClose}>
      <table class="keys">
        <tbody>
          {keys.map(([key, what]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <label>
          <input type="checkbox" checked={on} onChange={() => shortcuts.set(on ? "off" : "on")} /> Keys are on
        </label>
      </p>
    </Dialog>
  );
}
