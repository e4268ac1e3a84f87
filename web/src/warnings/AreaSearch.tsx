import { useState } from "preact/hooks";
import { Problem, TextField } from "../authority/kit";
import { formatted, inLanguage } from "../frame/language";
import { findPlaces } from "./api";
import type { AskedArea } from "./shapes";
import { useSettled } from "./useSettled";
import { t } from "./words";

const PAUSE_MS = 250;

/** A municipality, a province, a region or a zone by its name. */
export function AreaSearch(props: { onTake: (area: AskedArea, name: string) => void }) {
  const w = t.value;
  const [typed, setTyped] = useState("");
  const [taken, setTaken] = useState("");
  const wanted = typed.trim();
  const found = useSettled(wanted.length >= 2 ? wanted : null, findPlaces, PAUSE_MS);
  const places = found.answer?.places ?? [];
  return (
    <>
      <TextField
        label={w.search}
        help={w.searchHelp}
        inputMode="search"
        value={typed}
        maxLength={80}
        onChange={setTyped}
      />
      {found.error ? <Problem error={found.error} /> : null}
      <p class="soft" role="status">
        {found.fresh ? w.found(places.length) : taken ? w.taken(taken) : ""}
      </p>
      {wanted.length >= 2 && places.length > 0 ? (
        <ul class="places">
          {places.map((place) => (
            <li key={JSON.stringify(place.area)}>
              <button
                type="button"
                class="place"
                onClick={() => {
                  props.onTake(place.area, place.name);
                  setTaken(place.name);
                  setTyped("");
                }}
              >
                <strong>
                  <bdi>{place.name}</bdi>
                </strong>
                <span class="soft">
                  {inLanguage(place.kind)}, {w.people(formatted(place.people))}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </>
  );
}
