import { expect, it } from "vitest";
import { readBody } from "./bodies";

it("reads each kind of command, and nothing that it does not know", () => {
  expect(readBody("issuer.adopt", { name: "issuer-2" })).toEqual({
    kind: "issuer.adopt",
    name: "issuer-2",
  });
  expect(readBody("passkey.recover", { person: "anna.rossi" })).toMatchObject({
    person: "anna.rossi",
  });
  const revoke = { holders: ["ship/bergamini", "ship/doria"], reason: "keyCompromise" };
  expect(readBody("certificates.revoke", revoke)).toEqual({
    kind: "certificates.revoke",
    ...revoke,
  });
  const refused: [string, unknown][] = [
    ["issuer.adopt", { name: "issuer-2", also: "issuer-3" }],
    ["issuer.adopt", { name: 2 }],
    ["passkey.recover", null],
    ["certificates.revoke", { ...revoke, holders: ["ship/doria"] }],
    ["certificates.revoke", { ...revoke, quietly: true }],
    ["policy.set", { policy: { v: 1 } }],
    ["state.dissolve", {}],
    ["__proto__", {}],
  ];
  for (const [kind, body] of refused) expect(readBody(kind, body), kind).toBeNull();
});

const ALERT = `<?xml version='1.0' encoding='utf-8'?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>IT-TEST-1</identifier>
  <sender>prova</sender>
  <sent>2026-11-23T09:00:00-00:00</sent>
  <status>Test</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>it</language>
    <category>Geo</category>
    <event>Prova</event>
    <urgency>Immediate</urgency>
    <severity>Extreme</severity>
    <certainty>Observed</certainty>
    <area>
      <areaDesc>Norcia</areaDesc>
      <polygon>42.7,13 42.9,13 42.9,13.2 42.7,13</polygon>
    </area>
  </info>
</alert>
`;

it("reads warnings with the alert that is signed, and none that says otherwise", () => {
  const release = { channel: "test", level: "test", alert: ALERT };
  expect(readBody("warning.release", release)).toMatchObject({
    channel: "test",
    alert: { identifier: "IT-TEST-1", infos: [{ event: "Prova" }] },
  });
  const standing = { ...release, sensors: ["office/boa"], needed: 1, until: 1_800_000_000 };
  expect(readBody("warning.preauthorise", standing)).toMatchObject({ needed: 1 });
  const refused: [string, unknown][] = [
    ["warning.release", { ...release, channel: "public" }],
    ["warning.release", { ...release, channel: "real" }],
    ["warning.release", { ...release, quietly: true }],
    ["warning.release", { ...release, alert: "<alert/>" }],
    ["warning.release", standing],
    ["warning.preauthorise", release],
    ["warning.preauthorise", { ...standing, sensors: "office/boa" }],
  ];
  for (const [kind, body] of refused) expect(readBody(kind, body), kind).toBeNull();
});
