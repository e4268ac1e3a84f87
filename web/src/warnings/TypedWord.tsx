import { TextField } from "../authority/kit";
import { t } from "./words";

/** Whether somebody has written the word that a release to the population asks for. */
export const isTyped = (typed: string): boolean =>
  typed.trim().toUpperCase() === t.value.publicWord;

/** A word to write out before something goes to the population: no press too many sends it. */
export function TypedWord(props: { typed: string; onChange: (typed: string) => void }) {
  const w = t.value;
  return (
    <TextField
      label={w.typeWord(w.publicWord)}
      value={props.typed}
      maxLength={40}
      code
      onChange={props.onChange}
    />
  );
}
