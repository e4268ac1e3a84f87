import { isWithin, ownOrigin } from "../../frame/ownAddress";
import { Section } from "./AuthorityPage";
import { LinkButton } from "./Button";
import { kitWords } from "./language";
import { authority } from "./session";

/** Tell whether this page was opened outside the state's domain: there nobody can sign in. */
export const isElsewhere = (): boolean =>
  authority.value ? !isWithin(authority.value, location.hostname) : false;

/** Says so, and leads to the same page at the authority's own address. */
export function Elsewhere(props: { path: string }) {
  const t = kitWords.value;
  const state = authority.value;
  if (!state) return null;
  const origin = ownOrigin(state);
  return (
    <Section title={t.elsewhereTitle} lead={t.elsewhereText(location.host, state.domain)}>
      {origin ? (
        <div>
          <LinkButton href={origin + props.path} tone="primary">
            {t.elsewhereGo(new URL(origin).host)}
          </LinkButton>
        </div>
      ) : (
        <p>{t.elsewhereUnknown}</p>
      )}
    </Section>
  );
}
