interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly chosen: string;
  readonly onChoose: (value: T) => void;
}

/** One of a few, as buttons side by side. */
export function Choice<T extends string>({ label, options, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <div role="group" aria-label={label} class="views">
      {options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen ? "true" : "false"}
          onClick={() => onChoose(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** Options whose texts are their values. */
export function asOptions<T extends string>(values: readonly T[]): (readonly [T, T])[] {
  return values.map((value) => [value, value]);
}
