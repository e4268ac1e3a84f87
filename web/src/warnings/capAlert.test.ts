import { describe, expect, it } from "vitest";
import { outlineOf, readAlert, readAlertOn, sameAreas } from "./capAlert";
import { XmlError } from "./xml";

const INFO = `
  <info>
    <language>it</language>
    <category>Geo</category>
    <event>Terremoto</event>
    <responseType>Evacuate</responseType>
    <urgency>Immediate</urgency>
    <severity>Extreme</severity>
    <certainty>Observed</certainty>
    <effective>2026-11-23T09:00:00-00:00</effective>
    <expires>2026-11-23T10:00:00-00:00</expires>
    <headline>ESERCITAZIONE &amp; prova &lt;forte&gt;</headline>
    <instruction>Esci
all&#39;aperto &#x20AC;</instruction>
    <parameter>
      <valueName>baluardo:broadcast-text</valueName>
      <value>ESERCITAZIONE Esci</value>
    </parameter>
    <area>
      <areaDesc>Norcia</areaDesc>
      <polygon>42.7,13 42.9,13 42.9,13.2 42.7,13</polygon>
      <geocode>
        <valueName>ISTAT-PROVINCE</valueName>
        <value>054</value>
      </geocode>
    </area>
  </info>`;

/** An alert as the authority writes it, with something else in the place of a part of it. */
function written(from = "", to = "", infos = INFO): string {
  return `<?xml version='1.0' encoding='utf-8'?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>IT-EXERCISE-20261123T090000Z-1</identifier>
  <sender>prova@baluardo.example</sender>
  <sent>2026-11-23T09:00:00-00:00</sent>
  <status>Exercise</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>${infos}
</alert>
`.replace(from, to);
}

describe("an alert that is to be signed", () => {
  it("is read as the authority writes it", () => {
    const alert = readAlertOn(written(), "exercise");
    expect(alert.identifier).toBe("IT-EXERCISE-20261123T090000Z-1");
    expect(alert.infos[0]).toMatchObject({
      language: "it",
      headline: "ESERCITAZIONE & prova <forte>",
      instruction: "Esci\nall'aperto €",
      broadcast: "ESERCITAZIONE Esci",
      description: "",
    });
    expect(alert.infos[0]?.areas[0]?.geocodes).toEqual([{ scheme: "ISTAT-PROVINCE", code: "054" }]);
    // The map has longitude first.
    expect(outlineOf(alert).coordinates).toEqual([
      [
        [
          [13, 42.7],
          [13, 42.9],
          [13.2, 42.9],
          [13, 42.7],
        ],
      ],
    ]);
    expect(sameAreas(alert)).toBe(true);
  });

  it("is none for another channel than its status says", () => {
    expect(() => readAlertOn(written(), "public")).toThrow(XmlError);
    expect(() => readAlertOn(written(), "test")).toThrow(XmlError);
    expect(() => readAlertOn(written("Exercise", "Actual"), "exercise")).toThrow(XmlError);
  });

  it("tells where languages name different areas", () => {
    const other = INFO.replace("<language>it", "<language>en").replace("13.2", "13.3");
    expect(sameAreas(readAlert(written("", "", INFO + other)))).toBe(false);
  });

  it.each([
    ["a document type", "<alert", '<!DOCTYPE alert [<!ENTITY x "y">]><alert'],
    ["an entity", "Terremoto", "&terremoto;"],
    ["a bare ampersand", "Terremoto", "T & M"],
    ["a comment", "<scope>", "<!-- --><scope>"],
    ["CDATA", "Terremoto", "<![CDATA[x]]>"],
    ["an attribute", "<scope>", '<scope of="all">'],
    ["another namespace", "cap:1.2", "cap:1.1"],
    ["an element it does not know", "<scope>", "<restriction>x</restriction><scope>"],
    ["a parameter it does not know", "baluardo:broadcast-text", "other"],
    ["two of what is there once", "<scope>", "<status>Actual</status><scope>"],
    ["text beside elements", "<scope>", "secret<scope>"],
    ["another scope", "Public", "Private"],
    ["an area that is only named", /<polygon>.*<\/polygon>/ as never, ""],
    ["a circle", "<geocode>", "<circle>42,13 5</circle><geocode>"],
    ["a place that is none", "42.7,13 ", "92.7,13 "],
    ["a polygon of two corners", "42.9,13 42.9,13.2 ", ""],
    ["an end too early", "</alert>", ""],
    ["something behind the end", "</alert>", "</alert><alert/>"],
    ["a surrogate", "Terremoto", "&#xD800;"],
  ])("is refused with %s", (_, from, to) => {
    const broken = written(from, to);
    expect(broken).not.toBe(written());
    expect(() => readAlert(broken)).toThrow(XmlError);
  });

  it("is refused at any cut and where it is too deep", () => {
    const whole = written().trimEnd();
    for (let at = 0; at < whole.length; at += 7) {
      expect(() => readAlert(whole.slice(0, at))).toThrow(XmlError);
    }
    expect(() => readAlert("<a>".repeat(50_000))).toThrow(XmlError);
  });
});
