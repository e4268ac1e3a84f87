import type { DemonstrationPerson } from "../../api/authority";
import { enterDemonstration } from "../api";
import { PersonName, Problem, Roles, useAct } from "../kit";
import { enter, words } from "./SignInPage";

/** The people one can be in a state that exists to be tried. Nothing of it is in a real one. */
export function DemonstrationPanel(props: { people: readonly DemonstrationPerson[] }) {
  const t = words.value;
  const { busy, error, act } = useAct();
  return (
    <section class="card section demonstration" aria-labelledby="demonstration">
      <div>
        <h2 id="demonstration">{t.demonstration}</h2>
        <p class="soft">{t.demonstrationText}</p>
      </div>
      <ul class="demonstration-people">
        {props.people.map((person) => (
          <li key={person.person}>
            <button
              type="button"
              class="demonstration-person"
              aria-disabled={busy}
              aria-label={t.enterAs(person.display_name || person.person)}
              onClick={() => act(async () => enter(await enterDemonstration(person.person)))}
            >
              <PersonName name={person.person} displayName={person.display_name} />
              <Roles roles={person.roles} />
            </button>
          </li>
        ))}
      </ul>
      {error ? <Problem error={error} /> : null}
    </section>
  );
}
