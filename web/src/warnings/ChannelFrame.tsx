import { inLanguage } from "../frame/language";
import "./channel.css";
import type { Channel } from "./shapes";
import { colours, deskState } from "./state";
import { t } from "./words";

/** A channel's colour round the whole window while something is written for it or decided. */
export function ChannelFrame(props: { channel: Channel }) {
  const colour = colours.value[props.channel];
  return <div class="channel-frame" aria-hidden="true" style={{ borderColor: colour }} />;
}

/** Which channel it is about, in its colour and its words: nobody takes an exercise for real. */
export function ChannelBanner(props: { channel: Channel; level?: string }) {
  const w = t.value;
  const { channel } = props;
  const look = deskState.value?.channels.find(({ id }) => id === channel);
  const words = [...new Set(Object.values(look?.prefix ?? {}))];
  const level = deskState.value?.levels.find(({ id }) => id === props.level);
  return (
    <div
      class={`channel-banner channel-banner-${channel}`}
      style={{ borderColor: colours.value[channel], "--channel": colours.value[channel] } as never}
    >
      <p class="channel-banner-word">{w.channelWords[channel]}</p>
      <p>{w.channelMeans[channel]}</p>
      {words.length > 0 ? <p class="channel-banner-others">{words.join(" · ")}</p> : null}
      {level || props.level ? (
        <p>
          {w.level}: <strong>{level ? inLanguage(level.name) : props.level}</strong>
        </p>
      ) : null}
    </div>
  );
}

/** A channel's name as a mark in its colour. */
export function ChannelMark(props: { channel: Channel }) {
  return (
    <span
      class={`channel-mark channel-mark-${props.channel}`}
      style={{ "--channel": colours.value[props.channel] } as never}
    >
      {t.value.channels[props.channel]}
    </span>
  );
}
