import { useId } from "preact/hooks";
import { Section, SelectField } from "../authority/kit";
import { inLanguage } from "../frame/language";
import { ChannelBanner } from "./ChannelFrame";
import { type Draft, levelsOn, onChannel } from "./draft";
import type { Desk } from "./shapes";
import { colours } from "./state";
import { t } from "./words";

/** Whom the warning is for: three channels that do not look alike. */
export function ChannelPicker(props: {
  draft: Draft;
  desk: Desk;
  onChange: (draft: Draft) => void;
}) {
  const w = t.value;
  const { draft, desk } = props;
  const name = useId();
  const updating = draft.message_type === "Update";
  const levels = levelsOn(desk, draft.channel);
  return (
    <Section title={w.channel}>
      <fieldset class="channel-choice">
        <legend class="unseen">{w.channel}</legend>
        {desk.channels.map((each) => (
          <label
            key={each.id}
            class={`channel-option channel-option-${each.id}`}
            style={{ "--channel": colours.value[each.id] } as never}
          >
            <input
              type="radio"
              name={name}
              value={each.id}
              checked={draft.channel === each.id}
              disabled={!each.can_send || (updating && draft.channel !== each.id)}
              onChange={() => props.onChange(onChannel(draft, each.id, desk))}
            />
            <span>
              <strong>{w.channels[each.id]}</strong>
              <span class="soft">
                {each.why_not ? inLanguage(each.why_not) : w.channelShort[each.id]}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <ChannelBanner channel={draft.channel} />
      <SelectField
        label={w.level}
        value={draft.level}
        choices={levels.map((each) => ({ value: each.id, label: inLanguage(each.name) }))}
        onChange={(level) => props.onChange({ ...draft, level })}
      />
    </Section>
  );
}
