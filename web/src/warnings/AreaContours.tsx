import { useState } from "preact/hooks";
import { Field, SelectField } from "../authority/kit";
import { formatted } from "../frame/language";
import { type Contours, contoursAsked, LARGEST_FILE, readContours } from "./areaFile";
import type { AskedArea } from "./shapes";
import { t } from "./words";

/** Where a map of contours says that it is at least so strong. */
export function AreaContours(props: { onTake: (area: AskedArea) => void }) {
  const w = t.value;
  const [found, setFound] = useState<Contours | null>(null);
  const [least, setLeast] = useState("");
  const read = async (file: File | undefined) => {
    if (!file) return;
    const contours: Contours =
      file.size > LARGEST_FILE ? { ok: false, why: "large" } : readContours(await file.text());
    setFound(contours);
    const value = contours.ok ? contours.values.at(-1) : undefined;
    if (contours.ok && value !== undefined) {
      setLeast(String(value));
      props.onTake(contoursAsked(contours.geojson, value));
    }
  };
  return (
    <>
      <Field
        label={w.contoursFile}
        help={w.contoursHelp}
        error={found && !found.ok ? w.contoursWrong[found.why] : null}
        control={(wiring) => (
          <input
            {...wiring}
            type="file"
            class="input"
            accept=".json,.geojson,application/geo+json,application/json"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        )}
      />
      {found?.ok ? (
        <SelectField
          label={w.contoursLeast}
          value={least}
          choices={found.values.map((value) => ({
            value: String(value),
            label: formatted(value, Number.isInteger(value) ? 0 : 1),
          }))}
          onChange={(value) => {
            setLeast(value);
            props.onTake(contoursAsked(found.geojson, Number(value)));
          }}
        />
      ) : null}
    </>
  );
}
