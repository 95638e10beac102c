export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Reads server-sent events until the stream ends or is aborted. */
export async function readEvents(answer: Response, onEvent: (event: StreamEvent) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of answer.body ?? []) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(block);
        if (match !== null) onEvent({ event: match[1] ?? "", data: JSON.parse(match[2] ?? "null") });
      }
    }
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
  }
}
