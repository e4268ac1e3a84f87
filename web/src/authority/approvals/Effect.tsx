import { useEffect, useState } from "preact/hooks";
import { ReleaseShown } from "../../warnings/ReleaseShown";
import { getPolicyNumber } from "../api";
import { IdentityName, Loading, momentOf, PersonName } from "../kit";
import { Changes } from "../policy/Changes";
import { differences } from "../policy/difference";
import { type Policy, policyDocument } from "../policy/document";
import type { Body } from "./bodies";
import { reasonTold } from "./reasons";
import { t } from "./words";

/** What a command does, in words, from its signed body. */
export function Effect(props: { body: Body }) {
  const w = t.value;
  const { body } = props;
  switch (body.kind) {
    case "policy.set":
      return <NewPolicy policy={body.policy} />;
    case "certificates.revoke":
      return (
        <>
          <p>{w.revokes(body.holders.length)}</p>
          <ul class="holders">
            {body.holders.map((holder) => (
              <li key={holder}>
                <IdentityName path={holder} />
              </li>
            ))}
          </ul>
          <p>{w.because(reasonTold(body.reason))}</p>
        </>
      );
    case "passkey.recover":
      return (
        <>
          <p>
            <PersonName name={body.person} />
          </p>
          <p>{w.recovers(body.person)}</p>
        </>
      );
    case "issuer.adopt":
      return <p>{w.adopts(body.name)}</p>;
    case "warning.release":
      return (
        <>
          <p>{w.releases[body.channel]}</p>
          <ReleaseShown {...body} />
        </>
      );
    case "warning.preauthorise":
      return (
        <>
          <p>{w.preauthorises(body.needed, body.sensors.length, momentOf(body.until))}</p>
          <ul class="holders">
            {body.sensors.map((sensor) => (
              <li key={sensor}>
                <IdentityName path={sensor} />
              </li>
            ))}
          </ul>
          <p>{w.preauthorisedTimes}</p>
          <ReleaseShown {...body} />
        </>
      );
  }
}

/** The policy before a number; null while it is asked for, undefined where it cannot be had. */
function useBefore(number: number): Policy | null | undefined {
  const [before, setBefore] = useState<Policy | null | undefined>(null);
  useEffect(() => {
    let current = true;
    getPolicyNumber(number - 1)
      .then((answer) => policyDocument(answer.policy, "policy"))
      .catch(() => undefined)
      .then((found) => {
        if (current) setBefore(found);
      });
    return () => {
      current = false;
    };
  }, [number]);
  return before;
}

function NewPolicy(props: { policy: Policy }) {
  const w = t.value;
  const before = useBefore(props.policy.number);
  return (
    <>
      <p>{w.policyNumber(props.policy.number)}</p>
      <h4>{w.policyChanges}</h4>
      {before === null ? <Loading /> : null}
      {before === undefined ? <p class="problem">{w.policyNoBefore}</p> : null}
      {before ? <Changes changes={differences(before, props.policy)} /> : null}
    </>
  );
}
