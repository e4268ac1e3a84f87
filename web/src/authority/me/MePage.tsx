import { AuthorityPage, kitWords, me, PersonName, Roles, Section, When, wordsOf } from "../kit";
import { Devices } from "./Devices";
import { Passkeys } from "./Passkeys";
import { Sessions } from "./Sessions";
import * as texts from "./words";

export const words = wordsOf(texts);

export function MePage() {
  const t = words.value;
  const person = me.value;
  return (
    <AuthorityPage path="/me" title={t.title} lead={t.lead}>
      {person ? (
        <>
          <Section title={t.who}>
            <dl class="facts">
              <dt>{t.name}</dt>
              <dd>
                <PersonName name={person.person} displayName={person.display_name} />
              </dd>
              <dt>{t.roles}</dt>
              <dd>
                <Roles roles={person.roles} />
              </dd>
              <dt>{t.ceiling}</dt>
              <dd>{kitWords.value.precedences[person.ceiling]}</dd>
              <dt>{t.territory}</dt>
              <dd>{person.territory.length > 0 ? person.territory.join(", ") : t.everywhere}</dd>
              <dt>{t.sessionEnds}</dt>
              <dd>
                <When time={person.expires} />
              </dd>
            </dl>
          </Section>
          {person.break_glass ? (
            <p class="notice notice-bad">{t.glass}</p>
          ) : (
            <>
              <Devices />
              <Passkeys />
            </>
          )}
          <Sessions />
        </>
      ) : null}
    </AuthorityPage>
  );
}
