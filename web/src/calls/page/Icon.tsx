/** The signs of calls and texts; whoever reads names aloud has the words beside them. */

const PATHS = {
  call: "M6.6 3.5h3l1.5 4-2 1.5a12 12 0 0 0 5.9 5.9l1.5-2 4 1.5v3a2.5 2.5 0 0 1-2.7 2.5C10.4 19.2 4.8 13.6 4.1 6.2A2.5 2.5 0 0 1 6.6 3.5Z",
  end: "M3 14.5c5.5-5 12.5-5 18 0l-2 3-4-1.5v-2.7a12 12 0 0 0-6 0V16l-4 1.5Z",
  mute: "M9 9.5V6a3 3 0 0 1 6 0v5m-.6 2.7A3 3 0 0 1 9 12v-.5M5.5 11.5a6.5 6.5 0 0 0 11 4.7m2-4.7a6.5 6.5 0 0 1-.4 2.2M12 18.5V21M4 4l16 16",
  speak:
    "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18.5V21",
  hold: "M9 5v14M15 5v14",
  resume: "M8 5l11 7-11 7Z",
  shield: "M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6Zm-3.5 9 2.5 2.5 4.5-5",
  search: "m20 20-4.5-4.5M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Z",
  made: "M7 17 17 7M9 7h8v8",
  taken: "M17 7 7 17M15 17H7V9",
  missed: "M4 7l8 8 8-8M4 7v5m0-5h5",
  write:
    "M5.5 4.5h13a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2H11l-4.5 3.7V17h-1a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2Z",
  send: "M12 19.5v-15m-6 6 6-6 6 6",
  back: "m14.5 5-7 7 7 7",
  close: "m6 6 12 12M18 6 6 18",
  down: "M12 5v14m-6-6 6 6 6-6",
  key: "M14 10a4.5 4.5 0 1 0-3.6 4.4l1.9 1.9h2.2v2.2h2.2v2.2h3.8v-3.6l-6.6-6.6M7.8 9h.01",
  waiting: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Zm0 4v5l3 2",
  sent: "m5 12.5 4.5 4.5L19 7.5",
  delivered: "m2 12.5 4.5 4.5L16 7.5m-4.5 8.5 1 1L22 7.5",
  read: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Zm-4 8.8 2.8 2.8 5.2-5.8",
  failed: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Zm0 4v5.5m0 3v.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  );
}
