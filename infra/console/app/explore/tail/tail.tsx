import { useEffect, useRef } from "../../hooks/hooks.ts";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { exactCount } from "../../text/format.ts";
import { useShortcuts } from "../../state/keys.ts";
import { connection } from "../../state/live.ts";
import { useStore } from "../../state/store.ts";
import { chunkOf, chunksOf, keptLines, linesIn, partlyOwned, type TailBuffer } from "./tail-buffer.ts";
import { TailChunk } from "./tail-row.tsx";
import { useReaderHand } from "./use-reader-hand.ts";
import { useTail } from "./use-tail.ts";

interface TailPanelProps {
  readonly path: string;
  readonly running: boolean;
  readonly onStart: () => void;
  readonly onStop: () => void;
  readonly onClose: () => void;
}

/** Records as the hosts of the group process them, newest at the bottom. Nothing moves while paused. */
export function TailPanel({ path, running, onStart, onStop, onClose }: TailPanelProps) {
  const { buffer, refused, pause, resume } = useTail(path, running);
  const panel = useRef<HTMLDivElement>(null);
  const moves = running && !buffer.paused;
  const halt = useRef<() => void>(() => {});
  halt.current = () => {
    if (moves) pause();
  };
  useShortcuts({ p: () => (moves ? pause() : resume()) });

  useEffect(() => {
    const element = panel.current;
    if (element === null || !moves) return;
    element.scrollTop = element.scrollHeight;
  }, [buffer.entries, moves]);
  useEffect(() => {
    const onSelection = (): void => {
      const selection = getSelection();
      if (selection === null || selection.isCollapsed) return;
      if (panel.current?.contains(selection.anchorNode) === true) halt.current?.();
    };
    document.addEventListener("selectionchange", onSelection);
    return () => document.removeEventListener("selectionchange", onSelection);
  }, []);
  const hand = useReaderHand(() => halt.current?.());

  return (
    <section class="tail" aria-label="Live tail">
      {refused === null ? null : (
        <Notice kind="bad" alert>
          <Hostile text={refused} />{" "}
          <button type="button" class="plain" onClick={onClose}>
            Close
          </button>
        </Notice>
      )}
      {partlyOwned(buffer).map(([topic, sentence]) => (
        <Notice key={topic} kind="info">
          {topic}: {sentence}
        </Notice>
      ))}
      {buffer.missing.map(({ host, reason }) => (
        <Notice key={host} kind="warning">
          Lines of <Hostile text={host} /> are missing: <Hostile text={reason} />
        </Notice>
      ))}
      <div
        ref={panel}
        class="lines log"
        tabindex={0}
        role="log"
        aria-live="off"
        aria-label="Live lines, the newest last"
        {...hand}
      >
        {buffer.entries.length === 0 ? (
          <p class="muted">{running ? "Waiting for records…" : "No records came."}</p>
        ) : null}
        {chunksOf(buffer.entries).map((entries) => (
          <TailChunk key={chunkOf(entries[0])} entries={entries} halt={halt} />
        ))}
      </div>
      <TailBar {...{ buffer, running, pause, resume, onStart, onStop, onClose }} />
    </section>
  );
}

interface TailBarProps extends Omit<TailPanelProps, "path"> {
  readonly buffer: TailBuffer;
  readonly pause: () => void;
  readonly resume: () => void;
}

function TailBar({ buffer, running, pause, resume, onStart, onStop, onClose }: TailBarProps) {
  const held = linesIn(buffer.held);
  const isPaused = running && buffer.paused;
  const link = useStore(connection).state;
  const state = !running
    ? "■ Stopped"
    : isPaused
      ? "‖ PAUSED"
      : link === "lost"
        ? "○ Not connected"
        : link === "live"
          ? "● Live"
          : "○ Connecting";
  return (
    <div class={`tail-bar ${isPaused ? "paused" : ""}`}>
      <strong role="status">{state}</strong>
      {isPaused ? <span>{exactCount(held)} new</span> : <span>{exactCount(buffer.shown)} shown</span>}
      {buffer.overLimit > 0 ? <span>{exactCount(buffer.overLimit)} not shown (200/s limit)</span> : null}
      {buffer.dropped > 0 ? (
        <span>
          {exactCount(buffer.dropped)} not kept ({exactCount(keptLines)} at most)
        </span>
      ) : null}
      <span class="buttons">
        {!running ? (
          <>
            {held > 0 ? (
              <button type="button" onClick={resume}>
                Show {exactCount(held)} more
              </button>
            ) : null}
            <button type="button" onClick={onStart}>
              Start again
            </button>
            <button type="button" onClick={onClose}>
              Close
            </button>
          </>
        ) : (
          <>
            <button type="button" class={isPaused ? "primary" : ""} onClick={isPaused ? resume : pause}>
              {isPaused ? "Resume" : "Pause"}
            </button>
            <button type="button" onClick={onStop}>
              Stop
            </button>
          </>
        )}
      </span>
    </div>
  );
}
